//! `--shard I/N`: one part of the users, so that several machines share a job.

use std::str::FromStr;

/// The `index`th of `n` parts, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    index: u64,
    n: u64,
}

impl Shard {
    /// Whether a user belongs to the part. It depends on the key alone, so that a user stays in a part whatever the run
    /// and whoever else is asked for.
    pub(crate) fn has(self, user: &str) -> bool {
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(user.as_bytes()).as_bytes()[..8]);
        u64::from_le_bytes(first) % self.n == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(index, n)| Some((index.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, n)) if (1..=n).contains(&index) => Ok(Self { index, n }),
            _ => Err("give a part and the number of parts, from 1/4 to 4/4".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_is_in_one_part() {
        let parts: Vec<Shard> = (1..=3).map(|index| Shard { index, n: 3 }).collect();
        let mut sizes = [0; 3];
        for user in (0..3000).map(|user| user.to_string()) {
            let of: Vec<usize> = (0..3).filter(|&at| parts[at].has(&user)).collect();
            assert_eq!(of.len(), 1, "{user}");
            sizes[of[0]] += 1;
        }
        assert!(
            sizes.iter().all(|size| (900..1100).contains(size)),
            "{sizes:?}"
        );
    }

    #[test]
    fn parts_count_from_one() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, n: 3 }));
        for text in ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
