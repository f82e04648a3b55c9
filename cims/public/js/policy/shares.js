// Arithmetic of weights that always add up to 100; no page in sight.

export const WHOLE = 100;

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

// Whole numbers in the proportions of `exact` that add up to `total`; the largest remainders are rounded up.
export function whole_numbers(exact, total) {
	const rounded = exact.map(Math.floor);
	const by_remainder = exact
		.map((number, index) => ({ index, remainder: number - Math.floor(number) }))
		.sort((one, other) => other.remainder - one.remainder);
	const missing = Math.round(total - sum(rounded));
	by_remainder.slice(0, missing).forEach(({ index }) => rounded[index]++);
	return rounded;
}

// The weights after one of them was moved to `wanted`: the others give or take in proportion, those held stay.
export function rebalanced(weights, moved, wanted, held = []) {
	const fixed = sum(weights.filter((_weight, index) => index !== moved && held[index]));
	const free = weights.map((_weight, index) => index).filter((index) => index !== moved && !held[index]);
	const value = free.length ? Math.min(Math.max(Math.round(wanted), 0), WHOLE - fixed) : WHOLE - fixed;
	const rest = WHOLE - fixed - value;
	const before = sum(free.map((index) => weights[index]));
	const shares = whole_numbers(
		free.map((index) => (before ? (weights[index] * rest) / before : rest / free.length)),
		rest,
	);
	const found = [...weights];
	found[moved] = value;
	free.forEach((index, at) => (found[index] = shares[at]));
	return found;
}

// Half-lives that people think in, in days; between them a number can be typed.
export const HALF_LIVES = [30, 60, 90, 120, 180, 270, 365, 540, 730, 1095, 1460, 1825, 3650];

export function nearest_half_life(days) {
	const distances = HALF_LIVES.map((stop) => Math.abs(Math.log(stop / days)));
	return distances.indexOf(Math.min(...distances));
}

// A boundary between two grades, kept at least `least` points away from its neighbours.
export const between = (value, low, high, least) =>
	Math.min(Math.max(Math.round(value), low + least), high - least);
