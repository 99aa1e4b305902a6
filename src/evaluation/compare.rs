//! A paired comparison: is one system significantly better than another on the same users?

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::bootstrap::Bootstrap;
use super::comparison::{Comparison, Difference};
use super::estimate::Estimate;
use super::result::PerUser;
use crate::failure::{Fails, Failure};

/// Errors of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// Different held-out or excluded items, or catalogues.
    #[error(
        "`{baseline}` and `{candidate}` were evaluated on different test sets (fingerprints {a:.12} and {b:.12}); train both on the same data with the same split, seed and `data.order`"
    )]
    DifferentTests {
        /// The first run.
        baseline: String,
        /// The second run.
        candidate: String,
        /// The first run's fingerprint.
        a: String,
        /// The second run's fingerprint.
        b: String,
    },
    /// The same test set, but other users of it.
    #[error(
        "`{baseline}` was evaluated on {a} users and `{candidate}` on {b}, and they are not the same; evaluate both again on the same split"
    )]
    DifferentUsers {
        /// The first run.
        baseline: String,
        /// The second run.
        candidate: String,
        /// Users of the first run.
        a: usize,
        /// Users of the second run.
        b: usize,
    },
    /// No metric in common.
    #[error("`{baseline}` and `{candidate}` have no metric in common; evaluate both at the same K")]
    NoCommonMetric {
        /// The first run.
        baseline: String,
        /// The second run.
        candidate: String,
    },
    /// Too few users for a test.
    #[error("a paired test needs at least 2 users, there are {0}")]
    TooFewUsers(usize),
    /// A damaged per-user file.
    #[error("`{run}` has {found} values of `{metric}` for {expected} users; evaluate it again")]
    Damaged {
        /// The run.
        run: String,
        /// The metric.
        metric: String,
        /// Values there are.
        found: usize,
        /// Values there should be.
        expected: usize,
    },
}

impl Fails for CompareError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

/// Compares two runs user by user: the difference of each metric with a paired bootstrap interval and a paired t-test.
///
/// # Errors
/// Runs of different test sets or users, without a common metric, or with fewer than 2 users.
pub fn compare(
    baseline: (&str, &PerUser),
    candidate: (&str, &PerUser),
    bootstrap: Bootstrap,
) -> Result<Comparison, CompareError> {
    let ((first, a), (second, b)) = (baseline, candidate);
    let names = || (first.to_owned(), second.to_owned());
    if a.fingerprint != b.fingerprint {
        let (baseline, candidate) = names();
        let (a, b) = (a.fingerprint.clone(), b.fingerprint.clone());
        return Err(CompareError::DifferentTests {
            baseline,
            candidate,
            a,
            b,
        });
    }
    if a.users != b.users {
        let (baseline, candidate) = names();
        let (a, b) = (a.users.len(), b.users.len());
        return Err(CompareError::DifferentUsers {
            baseline,
            candidate,
            a,
            b,
        });
    }
    let n_users = a.users.len();
    if n_users < 2 {
        return Err(CompareError::TooFewUsers(n_users));
    }
    let mut pairs = Vec::new();
    for (metric, left) in &a.metrics {
        let Some(right) = b.metrics.get(metric) else {
            continue;
        };
        expect_length(first, metric, left, n_users)?;
        expect_length(second, metric, right, n_users)?;
        pairs.push((metric, left, right));
    }
    let (baseline, candidate) = names();
    if pairs.is_empty() {
        return Err(CompareError::NoCommonMetric {
            baseline,
            candidate,
        });
    }
    let by_user = |&(_, a, b): &(&String, &Vec<f64>, &Vec<f64>)| -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| b - a).collect()
    };
    let by_user: Vec<Vec<f64>> = pairs.iter().map(by_user).collect();
    let columns: Vec<&[f64]> = by_user.iter().map(Vec::as_slice).collect();
    let estimates = bootstrap.estimates(&columns);
    let differences = pairs.iter().zip(&columns).zip(estimates);
    Ok(Comparison {
        baseline,
        candidate,
        n_users,
        differences: differences
            .map(|((&(metric, a, b), by_user), estimate)| {
                difference(metric, a, b, by_user, estimate)
            })
            .collect(),
    })
}

fn expect_length(
    run: &str,
    metric: &str,
    values: &[f64],
    expected: usize,
) -> Result<(), CompareError> {
    if values.len() == expected {
        return Ok(());
    }
    let (run, metric, found) = (run.to_owned(), metric.to_owned(), values.len());
    Err(CompareError::Damaged {
        run,
        metric,
        found,
        expected,
    })
}

fn difference(
    metric: &str,
    a: &[f64],
    b: &[f64],
    by_user: &[f64],
    estimate: Estimate,
) -> Difference {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Difference {
        metric: metric.to_owned(),
        baseline: mean(a),
        candidate: mean(b),
        difference: estimate.mean,
        low: estimate.low,
        high: estimate.high,
        p_value: paired_t_test(by_user),
        wins: by_user.iter().filter(|&&d| d > 0.0).count(),
        losses: by_user.iter().filter(|&&d| d < 0.0).count(),
    }
}

/// Two-sided p of the t-test that the mean of at least two differences is 0. Equal differences have no spread: p is 1
/// when they are 0, else 0.
fn paired_t_test(differences: &[f64]) -> f64 {
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    if variance == 0.0 {
        return if mean == 0.0 { 1.0 } else { 0.0 };
    }
    let t = mean / (variance / n).sqrt();
    // Degrees of freedom of at least 1 and a unit scale are always accepted.
    StudentsT::new(0.0, 1.0, n - 1.0).map_or(f64::NAN, |student| 2.0 * student.cdf(-t.abs()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn per_user(fingerprint: &str, values: &[f64]) -> PerUser {
        PerUser {
            fingerprint: fingerprint.to_owned(),
            users: (0..values.len() as u32).collect(),
            metrics: [("recall@2".to_owned(), values.to_vec())].into(),
        }
    }

    #[test]
    fn t_test_of_sleep_data() {
        // Student's sleep data (1908), paired: t = -4.0621 with 9 degrees of freedom, p = 0.002833 (R's t.test).
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let (a, b) = (per_user("x", &first), per_user("x", &second));
        let comparison = compare(("a", &a), ("b", &b), Bootstrap::default()).unwrap();
        let found = &comparison.differences[0];
        assert!((found.p_value - 0.002833).abs() < 5e-7, "{}", found.p_value);
        assert!((found.difference - 1.58).abs() < 1e-12);
        assert_eq!((found.wins, found.losses), (9, 0));
        assert!(found.low > 0.0 && found.low < 1.58 && found.high > 1.58);
        assert_eq!(comparison.rows().next().unwrap()[3], "+1.5800");
    }

    #[test]
    fn identical_runs_do_not_differ() {
        let a = per_user("x", &[0.5, 0.25, 0.0]);
        let comparison = compare(("a", &a), ("b", &a), Bootstrap::default()).unwrap();
        let found = &comparison.differences[0];
        assert_eq!(
            (found.difference, found.low, found.high, found.p_value),
            (0.0, 0.0, 0.0, 1.0)
        );
    }

    #[test]
    fn runs_that_do_not_compare_are_refused() {
        let config = Bootstrap::default();
        let (a, b) = (per_user("x", &[1.0, 0.0]), per_user("y", &[1.0, 0.0]));
        let error = compare(("a", &a), ("b", &b), config).unwrap_err();
        assert!(matches!(error, CompareError::DifferentTests { .. }));
        let c = per_user("x", &[1.0, 0.0, 0.0]);
        let error = compare(("a", &a), ("c", &c), config).unwrap_err();
        assert!(matches!(
            error,
            CompareError::DifferentUsers { a: 2, b: 3, .. }
        ));
        let mut d = a.clone();
        d.metrics = [("recall@3".to_owned(), vec![0.0, 0.0])].into();
        let error = compare(("a", &a), ("d", &d), config).unwrap_err();
        assert!(matches!(error, CompareError::NoCommonMetric { .. }));
        let e = per_user("x", &[1.0]);
        assert_eq!(
            compare(("e", &e), ("e", &e), config),
            Err(CompareError::TooFewUsers(1))
        );
    }
}
