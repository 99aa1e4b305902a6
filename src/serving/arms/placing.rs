//! Which users an arm gets: a stable share of them, by a hash of the user's key.
//!
//! The hash is BLAKE3 of the salt, a zero byte and the key. The first 53 of its bits, read as a little-endian number of
//! its first eight bytes without the lowest eleven, are a point from 0 up to 1. The arms after the first one take the
//! line from 0 on, in their order, each as much as its share; the first one has the rest. So an arm whose share grows
//! keeps its users where it is the last one, and another salt places everybody anew.

use super::super::error::ServeError;

/// Shares may add up to so much more than 1, for they are sums of decimal numbers.
const ROUNDING: f64 = 1e-9;

/// Where the share of each arm ends.
#[derive(Debug)]
pub(super) struct Placing {
    /// Of the arms after the first one.
    ends: Vec<f64>,
    salt: String,
}

impl Placing {
    /// The shares of the arms after the first one, which gets the rest.
    ///
    /// # Errors
    /// A share below 0 or shares that add up to more than 1.
    pub(super) fn new(shares: impl Iterator<Item = f64>, salt: &str) -> Result<Self, ServeError> {
        let mut sum = 0.0;
        let mut ends = Vec::new();
        for share in shares {
            sum += share;
            if !(share >= 0.0 && sum <= 1.0 + ROUNDING) {
                return Err(ServeError::Shares);
            }
            ends.push(sum);
        }
        Ok(Self {
            ends,
            salt: salt.to_owned(),
        })
    }

    /// The share of each arm, the first one included.
    pub(super) fn shares(&self) -> Vec<f64> {
        let starts = [0.0].into_iter().chain(self.ends.iter().copied());
        let others = self.ends.iter().zip(starts).map(|(end, start)| end - start);
        let rest = 1.0 - self.ends.last().copied().unwrap_or(0.0);
        [rest.max(0.0)].into_iter().chain(others).collect()
    }

    pub(super) fn of_user(&self, key: &str) -> usize {
        self.at(key.as_bytes())
    }

    /// By the distinct keys in the order of their bytes, a zero byte between them.
    pub(super) fn of_history<'a>(&self, keys: impl Iterator<Item = &'a str>) -> usize {
        if self.ends.is_empty() {
            return 0;
        }
        let mut keys: Vec<&str> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        self.at(keys.join("\0").as_bytes())
    }

    fn at(&self, key: &[u8]) -> usize {
        if self.ends.is_empty() {
            return 0;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.salt.as_bytes());
        hasher.update(&[0]);
        hasher.update(key);
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        let point = (u64::from_le_bytes(first) >> 11) as f64 / (1_u64 << 53) as f64;
        let found = self.ends.iter().position(|&end| point < end);
        found.map_or(0, |at| at + 1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn placing(shares: &[f64], salt: &str) -> Placing {
        Placing::new(shares.iter().copied(), salt).unwrap()
    }

    /// Each arm has as many of 100,000 users as its share says, within four standard deviations of the binomial.
    #[test]
    fn shares_are_as_asked() {
        let n = 100_000;
        for shares in [&[0.1][..], &[0.5], &[0.01, 0.3], &[0.0], &[1.0]] {
            let placing = placing(shares, "");
            let mut counts = vec![0_u32; shares.len() + 1];
            for user in 0..n {
                counts[placing.of_user(&format!("user-{user}"))] += 1;
            }
            for (count, share) in counts.into_iter().zip(placing.shares()) {
                let n = f64::from(n);
                let bound = 4.0 * (n * share * (1.0 - share)).sqrt();
                let off = (f64::from(count) - n * share).abs();
                assert!(off <= bound, "{shares:?}: {count} of {share}");
            }
        }
    }

    /// By Python: `(int.from_bytes(blake3(b"salt\0key").digest()[:8], "little") >> 11) / 2**53`.
    #[test]
    fn places_are_those_of_the_documented_hash() {
        let places = |salt: &str, share: f64| {
            let placing = placing(&[share], salt);
            ["a", "b", "43", "user-1"].map(|key| placing.of_user(key))
        };
        assert_eq!(places("", 0.0), [0; 4]);
        assert_eq!(places("", 1.0), [1; 4]);
        for (salt, key, point) in POINTS {
            let just = |share: f64| placing(&[share], salt).of_user(key);
            assert_eq!(
                (just(point - 1e-9), just(point + 1e-9)),
                (0, 1),
                "{salt} {key}"
            );
        }
    }

    const POINTS: [(&str, &str, f64); 3] = [
        ("", "43", 0.353_018_491_478_102_4),
        ("", "user-1", 0.813_388_062_731_842_5),
        ("autumn", "user-1", 0.928_085_426_832_525_4),
    ];

    #[test]
    fn an_arm_that_grows_keeps_its_users_and_another_salt_places_anew() {
        let (small, large, other) = (
            placing(&[0.1], "x"),
            placing(&[0.2], "x"),
            placing(&[0.1], "y"),
        );
        let keys: Vec<String> = (0..20_000).map(|user| user.to_string()).collect();
        let of = |placing: &Placing| keys.iter().filter(|key| placing.of_user(key) == 1).count();
        assert!(
            keys.iter()
                .all(|key| small.of_user(key) <= large.of_user(key))
        );
        let in_both = keys
            .iter()
            .filter(|key| small.of_user(key) + other.of_user(key) == 2);
        // Independent: a tenth of a tenth, within four standard deviations.
        let (n, both) = (keys.len() as f64, in_both.count() as f64);
        assert!(
            (both - 0.01 * n).abs() < 4.0 * (n * 0.01 * 0.99).sqrt(),
            "{both}"
        );
        assert!(of(&large) > of(&small));
    }

    #[test]
    fn a_history_has_one_place_whatever_its_order() {
        let placing = placing(&[0.5], "");
        for n in 0..50 {
            let keys = [format!("{n}"), "b".to_owned(), "c".to_owned()];
            let place = |order: [usize; 4]| placing.of_history(order.iter().map(|&at| &*keys[at]));
            assert_eq!(place([0, 1, 2, 0]), place([2, 2, 1, 0]));
        }
    }

    #[test]
    fn shares_beyond_everybody_are_refused() {
        for wrong in [&[1.1][..], &[0.6, 0.5], &[-0.1], &[f64::NAN]] {
            assert!(
                Placing::new(wrong.iter().copied(), "").is_err(),
                "{wrong:?}"
            );
        }
        assert!(Placing::new([0.1; 10].into_iter(), "").is_ok());
    }
}
