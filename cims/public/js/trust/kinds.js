// The kinds of evidence and the dimensions as people call them; the engine knows them by their codes.

export const dimension_name = (dimension) =>
	({
		payment: __("Payment"),
		exposure: __("Exposure"),
		trading: __("Trading"),
		service: __("Service"),
		conduct: __("Conduct"),
	})[dimension] || dimension;

const names = () => ({
	"payment.settled": __("Receivable settled"),
	"payment.written_off": __("Receivable written off"),
	"payment.overdue": __("Open past its due date"),
	"exposure.current": __("Open and within terms"),
	"exposure.overdue": __("Open and overdue"),
	"trading.fulfilled": __("Order fulfilled"),
	"trading.cancelled": __("Order cancelled by the customer"),
	"trading.returned": __("Goods returned"),
	"service.complaint_against": __("Complaint against the customer upheld"),
	"service.complaint_by": __("Customer's own complaint upheld"),
	"service.agent_rating": __("Agent's rating of the customer"),
	"service.feedback": __("Customer's feedback"),
	"conduct.identity_verified": __("Identity verified"),
	"conduct.breach": __("Contract breached"),
	"conduct.fraud": __("Fraud established"),
	"conduct.claim_refused": __("Insurance claim refused"),
	"conduct.assessment": __("Assessment by staff"),
	prior: __("Assumed while little is known"),
});

// A kind, or what a dimension assumes of a customer without evidence ("payment.prior").
export const kind_name = (kind) => names()[kind.endsWith(".prior") ? "prior" : kind] || kind;
