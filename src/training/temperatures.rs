//! A temperature a user (Adap-tau, arXiv 2302.04775): the costs of an epoch decide the temperatures of the next.

use std::f64::consts::E;

use crate::run::{HostTensor, NamedTensors};
use crate::split::TrainSet;

/// By how much the cosines of positives are expected to be above those of all pairs.
const EXPECTED_MARGIN: f64 = 0.7;
/// Share of the users with the fewest interactions that the counts below leave out.
const LEFT_OUT: f64 = 0.2;
/// The largest argument of Lambert's W.
const MOST: f64 = 1000.0;

/// The inverse temperature of positives, and of users of whom nothing is known: that by which a positive that is ahead
/// by [`EXPECTED_MARGIN`] weighs as much as half of all pairs of a user and an item over the interactions; at least 1.
/// Only users above the 20% quantile of interactions count.
pub(super) fn base_inverse_temperature(train: &TrainSet) -> f64 {
    let positives = train.positives();
    let counts = (0..positives.n_users() as u32).map(|user| positives.of(user).len());
    let mut counts: Vec<usize> = counts.filter(|&n| n > 0).collect();
    counts.sort_unstable();
    let least = quantile(&counts, LEFT_OUT);
    let above: Vec<usize> = counts
        .iter()
        .copied()
        .filter(|&n| n as f64 > least)
        .collect();
    let counted = if above.is_empty() { counts } else { above };
    let interactions: usize = counted.iter().sum();
    let pairs = counted.len() as f64 * train.n_items() as f64;
    ((0.5 * pairs / interactions.max(1) as f64).ln() / EXPECTED_MARGIN).max(1.0)
}

/// The quantile of sorted numbers, between two of them where it lies between.
fn quantile(sorted: &[usize], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let at = share * last as f64;
    let below = sorted[at.floor() as usize] as f64;
    let above = sorted[at.ceil() as usize] as f64;
    below + (above - below) * at.fract()
}

/// The users' inverse temperatures in the epoch at hand, and the costs that those of the next are made of.
#[derive(Debug)]
pub(super) struct UserTemperatures {
    base: f64,
    /// By how much costs differ that change a temperature.
    spread: f64,
    /// The mean cost of each user in the epoch before; empty in the first.
    before: Vec<f32>,
    inverse: Vec<f32>,
    /// Of the epoch at hand: each user's costs, and how many.
    sums: Vec<f32>,
    counts: Vec<f32>,
}

impl UserTemperatures {
    /// Those of the first epoch.
    pub(super) fn new(train: &TrainSet, spread: f64) -> Self {
        let (base, n_users) = (base_inverse_temperature(train), train.n_users());
        Self {
            base,
            spread,
            before: Vec::new(),
            inverse: vec![base as f32; n_users],
            sums: vec![0.0; n_users],
            counts: vec![0.0; n_users],
        }
    }

    /// The inverse temperatures of some users.
    pub(super) fn of(&self, users: &[u32]) -> Vec<f32> {
        users
            .iter()
            .map(|&user| self.inverse[user as usize])
            .collect()
    }

    /// Takes note of the costs of some positives.
    pub(super) fn note(&mut self, users: &[u32], costs: &[f32]) {
        for (&user, cost) in users.iter().zip(costs) {
            self.sums[user as usize] += cost;
            self.counts[user as usize] += 1.0;
        }
    }

    /// Makes the temperatures of the next epoch of this one's costs. Who had no positive in it counts as the mean.
    pub(super) fn end_epoch(&mut self) {
        let n_seen = self.counts.iter().filter(|&&n| n > 0.0).count();
        let each = || self.sums.iter().zip(&self.counts);
        let seen = each().filter(|&(_, &n)| n > 0.0);
        let sum: f64 = seen.map(|(sum, n)| f64::from(sum / n)).sum();
        let mean = (sum / n_seen.max(1) as f64) as f32;
        let cost = |(&sum, &n): (&f32, &f32)| if n > 0.0 { sum / n } else { mean };
        self.before = each().map(cost).collect();
        self.sums.fill(0.0);
        self.counts.fill(0.0);
        self.set_inverse();
    }

    /// `w exp(-W((L - mean of L) / spread))`, with the argument of Lambert's W at least where it begins.
    fn set_inverse(&mut self) {
        let costs = || self.before.iter().map(|&cost| f64::from(cost));
        let mean = costs().sum::<f64>() / self.before.len().max(1) as f64;
        let argument = |cost: f64| ((cost - mean) / self.spread).clamp(-1.0 / E, MOST);
        let inverse = |cost: f64| (self.base * (-lambert_w(argument(cost))).exp()) as f32;
        self.inverse = costs().map(inverse).collect();
    }

    /// What a checkpoint keeps.
    pub(super) fn to_host(&self) -> NamedTensors {
        let all = [
            ("before", &self.before),
            ("sums", &self.sums),
            ("counts", &self.counts),
        ];
        let tensor = |values: &Vec<f32>| HostTensor {
            shape: vec![values.len()],
            values: values.clone(),
        };
        all.map(|(name, values)| (name.to_owned(), tensor(values)))
            .into()
    }

    /// The same as they were when [`UserTemperatures::to_host`] gave `tensors`; `None` where one is missing or misshapen.
    pub(super) fn restored(mut self, tensors: &NamedTensors) -> Option<Self> {
        let n_users = self.sums.len();
        let values = |name: &str| tensors.get(name).map(|tensor| tensor.values.clone());
        let before = values("before")?;
        let [sums, counts] = [values("sums")?, values("counts")?];
        let fits = |values: &Vec<f32>| values.len() == n_users;
        if !fits(&sums) || !fits(&counts) || !(before.is_empty() || fits(&before)) {
            return None;
        }
        (self.before, self.sums, self.counts) = (before, sums, counts);
        if !self.before.is_empty() {
            self.set_inverse();
        }
        Some(self)
    }
}

/// Lambert's W, the inverse of `w e^w`, for `x` from -1/e on, by Halley's method.
fn lambert_w(x: f64) -> f64 {
    let mut w = match x {
        x if x < -0.3 => {
            // The series at the branch point.
            let p = (2.0 * (E * x + 1.0)).max(0.0).sqrt();
            -1.0 + p - p * p / 3.0
        }
        x => x.ln_1p() * (1.0 - x.ln_1p().ln_1p() / (2.0 + x.ln_1p())),
    };
    for _ in 0..20 {
        let e = w.exp();
        let off = w * e - x;
        let slope = e * (w + 1.0) - (w + 2.0) * off / (2.0 * (w + 1.0));
        if off == 0.0 || slope == 0.0 || !slope.is_finite() {
            break;
        }
        let step = off / slope;
        w -= step;
        if step.abs() <= 1e-15 * w.abs().max(1.0) {
            break;
        }
    }
    w
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Values of Lambert's W from tables: the omega constant, and inverses of `w e^w`.
    #[test]
    fn lambert_w_is_the_inverse() {
        let omega = 0.567_143_290_409_783_8;
        let known = [
            (0.0, 0.0),
            (1.0, omega),
            (E, 1.0),
            (2.0 * E * E, 2.0),
            (10.0, 1.745_528_002_740_699),
            (1000.0, 5.249_602_852_401_596),
            (-0.5 * (-0.5f64).exp(), -0.5),
            (-0.9 * (-0.9f64).exp(), -0.9),
        ];
        for (x, w) in known {
            assert!(
                (lambert_w(x) - w).abs() < 1e-12,
                "W({x}) = {}",
                lambert_w(x)
            );
        }
        assert!((lambert_w(-1.0 / E) + 1.0).abs() < 1e-7);
    }

    /// Users with 1, 2, 2, 3, 4 and no interactions; the 20% quantile of the five is 1.8, and 11 interactions are above.
    fn train() -> TrainSet {
        let counts = [1, 2, 2, 3, 4, 0];
        let pairs = (0..)
            .zip(counts)
            .flat_map(|(user, n)| (0..n).map(move |item| (user, item)));
        TrainSet::of_pairs(6, 1000, &pairs.collect::<Vec<_>>())
    }

    #[test]
    fn the_base_follows_from_the_counts() {
        let want = (0.5 * 4.0 * 1000.0 / 11.0f64).ln() / 0.7;
        assert!((base_inverse_temperature(&train()) - want).abs() < 1e-12);
        // Who has everything leaves nothing to tell apart.
        let full = TrainSet::of_pairs(1, 2, &[(0, 0), (0, 1)]);
        assert_eq!(base_inverse_temperature(&full), 1.0);
    }

    #[test]
    fn a_user_whose_cost_is_below_the_mean_gets_a_lower_temperature() {
        let mut temperatures = UserTemperatures::new(&train(), 0.5);
        let base = temperatures.base;
        assert_eq!(temperatures.of(&[4, 0]), [base as f32; 2]);
        // Means of users 0 to 4: 1, 1.5, 1.5, 2, 4; their mean is 2. User 5 has none.
        temperatures.note(&[0, 1, 1, 2, 3, 4], &[1.0, 1.0, 2.0, 1.5, 2.0, 4.0]);
        temperatures.end_epoch();
        let inverse = temperatures.of(&[0, 1, 3, 4, 5]);
        // (1 - 2) / .5 is cut to -1/e, where W is -1; (4 - 2) / .5 is 4.
        let w_of_4 = 1.202_167_873_197_042_9f64;
        let factors = [1f64.exp(), 1f64.exp(), 1.0, (-w_of_4).exp(), 1.0];
        for (got, factor) in inverse.iter().zip(factors) {
            assert!(
                (f64::from(*got) / (base * factor) - 1.0).abs() < 1e-6,
                "{got}, {factor}"
            );
        }
    }

    #[test]
    fn what_a_checkpoint_keeps_is_what_they_were() {
        let mut first = UserTemperatures::new(&train(), 0.6);
        first.note(&[0, 1, 4], &[0.3, 5.0, 2.0]);
        first.end_epoch();
        first.note(&[2, 2], &[0.1, 0.7]);
        let mut again = UserTemperatures::new(&train(), 0.6)
            .restored(&first.to_host())
            .unwrap();
        for temperatures in [&mut first, &mut again] {
            temperatures.note(&[2, 3], &[1.1, 1.3]);
        }
        assert_eq!(first.inverse, again.inverse);
        for temperatures in [&mut first, &mut again] {
            temperatures.end_epoch();
        }
        assert_eq!(first.inverse, again.inverse);
        let mut damaged = first.to_host();
        damaged.remove("sums");
        assert!(again.restored(&damaged).is_none());
    }
}
