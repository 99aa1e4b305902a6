//! Expected degrees that follow a truncated power law, in closed form: nothing is stored per node.

/// Halvings of the search for the lowest degree; past 60 nothing changes.
const HALVINGS: usize = 80;

/// Expected degrees of nodes by rank, the busiest first: their density falls as `d^-exponent` between
/// a lowest and a highest degree.
///
/// With `b = exponent - 1`, the share `t` of nodes has a degree of at least
/// `(h + t (l - h))^(-1/b)`, where `h = highest^-b` and `l = lowest^-b`.
#[derive(Debug, Clone, Copy)]
pub(super) struct DegreeCurve {
    n_nodes: u32,
    /// `1 - 1/b`: sums of degrees go as this power of `h + t (l - h)`; logarithms where it is 0.
    power: f64,
    h: f64,
    l: f64,
}

impl DegreeCurve {
    /// The curve over `n_nodes` nodes with this exponent (above 1), mean and highest degree; the mean
    /// must be below the highest degree.
    pub(super) fn new(n_nodes: u32, exponent: f64, mean: f64, highest: f64) -> Self {
        let b = exponent - 1.0;
        let with_lowest = |lowest: f64| Self {
            n_nodes,
            power: 1.0 - 1.0 / b,
            h: highest.powf(-b),
            l: lowest.powf(-b),
        };
        let (mut low, mut high) = (highest.ln() - 60.0 / b.min(1.0), highest.ln());
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if with_lowest(middle.exp()).mean() < mean {
                low = middle;
            } else {
                high = middle;
            }
        }
        with_lowest(low.exp())
    }

    /// The integral of `x^(power - 1)` from `h` to `x`.
    fn integral(&self, x: f64) -> f64 {
        match self.power.abs() < 1e-9 {
            true => (x / self.h).ln(),
            false => (x.powf(self.power) - self.h.powf(self.power)) / self.power,
        }
    }

    fn mean(&self) -> f64 {
        self.integral(self.l) / (self.l - self.h)
    }

    /// The share of all edges that the first `rank` nodes have.
    pub(super) fn share(&self, rank: u32) -> f64 {
        let t = f64::from(rank) / f64::from(self.n_nodes);
        self.integral(self.h + t * (self.l - self.h)) / self.integral(self.l)
    }

    /// The node whose edges hold the given share, in `[0, 1)`: the inverse of [`DegreeCurve::share`].
    pub(super) fn rank(&self, share: f64) -> u32 {
        let x = match self.power.abs() < 1e-9 {
            true => self.h * (self.l / self.h).powf(share),
            false => {
                let (h, l) = (self.h.powf(self.power), self.l.powf(self.power));
                (h + share * (l - h)).powf(1.0 / self.power)
            }
        };
        let t = (x - self.h) / (self.l - self.h);
        ((t * f64::from(self.n_nodes)) as u32).min(self.n_nodes - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_met_and_rank_inverts_share() {
        for exponent in [1.5, 2.0, 2.2, 3.0] {
            let curve = DegreeCurve::new(1000, exponent, 12.0, 400.0);
            assert!((curve.mean() - 12.0).abs() < 1e-6, "{exponent}");
            assert!((curve.share(1000) - 1.0).abs() < 1e-12);
            for rank in [0, 1, 17, 500, 998] {
                let middle = 0.5 * (curve.share(rank) + curve.share(rank + 1));
                assert_eq!(curve.rank(middle), rank, "{exponent}");
            }
        }
    }

    /// Exponent 2 between 1 and 100 by hand: the mean is ln(100) / (1 - 1/100).
    #[test]
    fn exponent_2_by_hand() {
        let mean = 100f64.ln() / 0.99;
        let curve = DegreeCurve::new(10, 2.0, mean, 100.0);
        assert!((curve.l - 1.0).abs() < 1e-6);
        // A tenth of the nodes have a degree of at least 1 / (0.01 + 0.1 * 0.99) = 1 / 0.109.
        let share = (0.109f64 / 0.01).ln() / 100f64.ln();
        assert!((curve.share(1) - share).abs() < 1e-6);
    }
}
