//! Sums in an order of their own: the bits depend neither on the instruction set nor on the number of threads.

/// Sums that run side by side.
const LANES: usize = 16;

/// `onto += row`
#[inline(always)]
pub(crate) fn add(onto: &mut [f32], row: &[f32]) {
    for (sum, &value) in onto.iter_mut().zip(row) {
        *sum += value;
    }
}

/// The sum of parts of `len` floats each, in their order.
pub(crate) fn total_of_parts(parts: Vec<Vec<f32>>, len: usize) -> Vec<f32> {
    let add_next = |mut sum: Vec<f32>, part: Vec<f32>| {
        add(&mut sum, &part);
        sum
    };
    let total = parts.into_iter().reduce(add_next);
    total.unwrap_or_else(|| vec![0.0; len])
}

/// Sixteen sums that are then added in pairs.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane += a * b;
    }
    total(lanes)
}

/// The sum of all lanes, a power of two of them, added in pairs.
#[inline(always)]
pub(crate) fn total<const N: usize>(mut lanes: [f32; N]) -> f32 {
    let mut half = N / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}
