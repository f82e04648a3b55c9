"""What is sold to whom: (Chinese name, English name, Chinese unit, English unit, price in CNY), by customer group."""

CATALOGUE = {
	"Manufacturing": (
		("无缝钢管", "Seamless steel pipe", "吨", "t", 5200.0),
		("轴承 6205", "Bearing 6205", "个", "pc", 18.5),
		("伺服电机", "Servo motor", "台", "pc", 1680.0),
		("液压油 46 号", "Hydraulic oil 46", "桶", "drum", 1350.0),
		("铝型材", "Aluminium profile", "米", "m", 46.0),
		("数控刀片", "CNC insert", "盒", "box", 260.0),
	),
	"Wholesale": (
		("A4 复印纸", "Copy paper A4", "箱", "carton", 118.0),
		("LED 灯管", "LED tube", "箱", "carton", 420.0),
		("包装纸箱", "Corrugated box", "个", "pc", 3.2),
		("不锈钢螺栓", "Stainless bolt", "公斤", "kg", 32.0),
		("劳保手套", "Work gloves", "打", "dozen", 24.0),
	),
	"Retail": (
		("保温杯", "Vacuum flask", "个", "pc", 58.0),
		("纯棉毛巾", "Cotton towel", "条", "pc", 16.0),
		("蓝牙耳机", "Bluetooth earphones", "副", "pair", 129.0),
		("儿童书包", "School bag", "个", "pc", 86.0),
		("绿茶礼盒", "Green tea gift box", "盒", "box", 168.0),
	),
	"Services": (
		("设备年度维护", "Annual equipment maintenance", "次", "visit", 6800.0),
		("软件实施", "Software implementation", "人天", "man-day", 1600.0),
		("仓储服务", "Warehousing", "月", "month", 4500.0),
		("员工培训", "Staff training", "场", "session", 5200.0),
	),
	"Public Sector": (
		("办公桌椅", "Office desk and chair", "套", "set", 1480.0),
		("台式电脑", "Desktop computer", "台", "pc", 4300.0),
		("投影仪", "Projector", "台", "pc", 5600.0),
		("安防摄像头", "Security camera", "个", "pc", 380.0),
	),
	"Private Person": (
		("空气净化器", "Air purifier", "台", "pc", 1299.0),
		("电动牙刷", "Electric toothbrush", "支", "pc", 199.0),
		("咖啡机", "Coffee machine", "台", "pc", 899.0),
		("家用净水器", "Water filter", "台", "pc", 1580.0),
		("行李箱", "Suitcase", "个", "pc", 459.0),
	),
}
