//! How much an interaction of some time ago still counts: half after a half-life.

/// Seconds in the unit of half-lives.
const SECONDS_A_DAY: f64 = 86_400.0;

/// The last of some moments, which is as much as may be known; `None` without any.
#[must_use]
pub fn moment_of(times: &[i64]) -> Option<i64> {
    times.iter().copied().max()
}

/// `2^(-(moment - t) / half-life)` of each time: 1 at the moment, and an infinite half-life makes all 1.
///
/// # Panics
/// When a time lies after the moment: what is not known yet must not count.
pub fn decays(
    times: &[i64],
    moment: i64,
    half_life_days: f64,
) -> impl Iterator<Item = f64> + Clone + '_ {
    let half_life = half_life_days * SECONDS_A_DAY;
    times.iter().map(move |&time| {
        assert!(time <= moment, "an interaction after the moment");
        // The difference of any two times fits where the times are years of a calendar.
        let age = moment.saturating_sub(time) as f64;
        (-age / half_life).exp2()
    })
}

/// What each interaction still counts at the moment of the newest; empty, for 1 each, without a half-life.
#[must_use]
pub fn decayed_weights(times: &[i64], half_life_days: Option<f64>) -> Vec<f32> {
    let (Some(days), Some(moment)) = (half_life_days, moment_of(times)) else {
        return Vec::new();
    };
    decays(times, moment, days)
        .map(|decay| decay as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_half_life_old_counts_half() {
        let day = 86_400;
        let times = [10 * day, 7 * day, 4 * day];
        assert_eq!(moment_of(&times), Some(10 * day));
        assert_eq!(moment_of(&[]), None);
        let decayed: Vec<f64> = decays(&times, 10 * day, 3.0).collect();
        assert_eq!(decayed, [1.0, 0.5, 0.25]);
        assert_eq!(decayed_weights(&times, Some(3.0)), [1.0, 0.5, 0.25]);
        assert!(decayed_weights(&times, None).is_empty());
        let never: Vec<f64> = decays(&times, 10 * day, f64::INFINITY).collect();
        assert_eq!(never, [1.0; 3]);
    }

    #[test]
    #[should_panic(expected = "after the moment")]
    fn what_is_not_known_yet_does_not_count() {
        let _ = decays(&[2], 1, 1.0).count();
    }
}
