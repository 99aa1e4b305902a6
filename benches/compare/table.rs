//! The report: a line a figure.

use crate::pairs::{Sample, Series, Task};
use crate::verdict::{Ratio, Verdict, median};

/// Prints all figures.
pub(crate) fn print(tasks: &[Task]) {
    println!(
        "\n{:44} | {:>9} | {:>9} | {:>22} | {:>22} | pairs | verdict by CPU time",
        "milliseconds of CPU a measurement", "before", "after", "CPU, after over before", "wall"
    );
    for task in tasks {
        task.series.iter().for_each(print_series);
    }
}

fn print_series(series: &Series) {
    let (judged, wall) = (series.judged(), series.wall());
    println!(
        "{:44} | {:9.2} | {:9.2} | {:>22} | {:>22} | {:5} | {}",
        series.name,
        milliseconds(series, |pair| pair.0),
        milliseconds(series, |pair| pair.1),
        interval(&judged),
        interval(&wall),
        series.pairs.len(),
        text(judged.verdict(), wall.verdict()),
    );
}

/// The median time of one of the programs.
fn milliseconds(series: &Series, side: fn(&(Sample, Sample)) -> Sample) -> f64 {
    let mut times: Vec<f64> = series.pairs.iter().map(|p| 1e3 * side(p).judged).collect();
    times.sort_by(f64::total_cmp);
    median(&times)
}

fn interval(ratio: &Ratio) -> String {
    match ratio.high.is_finite() {
        true => format!("{:.3} [{:.3}, {:.3}]", ratio.median, ratio.low, ratio.high),
        false => format!("{:.3} [too few pairs]", ratio.median),
    }
}

/// Work that lost its threads takes no more CPU time, so a slower wall is told, though not judged.
fn text(judged: Verdict, wall: Verdict) -> String {
    let lost_threads = wall == Verdict::Slower && judged != Verdict::Slower;
    let remark = if lost_threads {
        ", but slower by wall time"
    } else {
        ""
    };
    format!("{}{remark}", judged.text())
}
