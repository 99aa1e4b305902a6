//! The learning rate of a step, a function of the progress of training alone.

use std::f64::consts::PI;

use crate::config::{Schedule, TrainingConfig};

/// The learning rate of step `step` (from 0) of epoch `epoch` (from 1), with `n_steps` steps an epoch.
///
/// It rises in equal steps over the warm-up, then goes by the schedule: constant, half a cosine that ends
/// at 0 with the last epoch, or a constant factor an epoch.
pub(super) fn learning_rate(
    training: &TrainingConfig,
    epoch: u32,
    step: u64,
    n_steps: usize,
) -> f64 {
    let n_steps = n_steps.max(1) as f64;
    let done = f64::from(epoch - 1) + step as f64 / n_steps;
    let warmup = training.warmup_epochs;
    if done < warmup {
        // The first step moves, too.
        let next = (done + 1.0 / n_steps).min(warmup);
        return training.learning_rate * next / warmup;
    }
    let after = done - warmup;
    let factor = match training.schedule {
        Schedule::Constant => 1.0,
        Schedule::Exponential => training.decay.powf(after),
        Schedule::Cosine => {
            let all = (f64::from(training.epochs) - warmup).max(f64::MIN_POSITIVE);
            0.5 * (1.0 + (PI * (after / all).min(1.0)).cos())
        }
    };
    training.learning_rate * factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;

    fn training(schedule: Schedule, warmup_epochs: f64) -> TrainingConfig {
        TrainingConfig {
            epochs: 6,
            learning_rate: 0.8,
            schedule,
            warmup_epochs,
            decay: 0.5,
            ..RunConfig::default().training
        }
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} against {b}");
    }

    #[test]
    fn schedules_by_hand() {
        let constant = training(Schedule::Constant, 0.0);
        near(learning_rate(&constant, 1, 0, 10), 0.8);
        near(learning_rate(&constant, 6, 9, 10), 0.8);
        let warm = training(Schedule::Constant, 0.5);
        near(learning_rate(&warm, 1, 0, 10), 0.16);
        near(learning_rate(&warm, 1, 4, 10), 0.8);
        near(learning_rate(&warm, 1, 5, 10), 0.8);
        let cosine = training(Schedule::Cosine, 2.0);
        near(learning_rate(&cosine, 3, 0, 10), 0.8);
        near(learning_rate(&cosine, 5, 0, 10), 0.4);
        assert!(learning_rate(&cosine, 6, 9, 10) < 0.002);
        let exponential = training(Schedule::Exponential, 1.0);
        near(learning_rate(&exponential, 2, 0, 10), 0.8);
        near(learning_rate(&exponential, 4, 0, 10), 0.2);
    }
}
