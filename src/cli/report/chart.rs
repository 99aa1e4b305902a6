//! Line, grouped bar and scatter charts as inline SVG. Legends are left to the page, which wraps and
//! truncates them; colors of text and grid are left to its style sheet, which knows the dark mode.

use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (640, 330);
const FONT: &str = "sans-serif";
/// The backend divides it by 1.24.
const FONT_SIZE: i32 = 20;
/// The style sheet turns these two into the colors of the theme.
const INK: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);

/// Colors that stay apart on white, on black and for color-blind eyes; the first is the model's.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0x3b, 0x82, 0xf6),
    RGBColor(0xe6, 0x8a, 0x1c),
    RGBColor(0x1f, 0xa1, 0x87),
    RGBColor(0xb3, 0x5f, 0xcf),
    RGBColor(0xd6, 0x4b, 0x5e),
    RGBColor(0x8a, 0x94, 0xa3),
    RGBColor(0x9a, 0x7b, 0x4f),
];

pub(super) type ChartError = DrawingAreaErrorKind<std::io::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn color(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

/// The color of the series at this position, as the style sheet writes it.
pub(super) fn css_color(index: usize) -> String {
    let RGBColor(red, green, blue) = color(index);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn builder<'a, 'b>(root: &'a Area<'b>) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(root);
    builder
        .margin_top(14)
        .margin_right(18)
        .x_label_area_size(56)
        .y_label_area_size(68);
    builder
}

/// Horizontal lines only, in the colors of the theme.
fn styled<'m, 'a, 'b, 's, X, Y>(
    mesh: &'m mut MeshStyle<'a, 'b, X, Y, SVGBackend<'s>>,
) -> &'m mut MeshStyle<'a, 'b, X, Y, SVGBackend<'s>>
where
    X: Ranged + ValueFormatter<X::ValueType>,
    Y: Ranged + ValueFormatter<Y::ValueType>,
{
    mesh.disable_x_mesh()
        .y_labels(6)
        .label_style((FONT, FONT_SIZE, &INK))
        .axis_desc_style((FONT, FONT_SIZE, &INK))
        .axis_style(INK.mix(0.5))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
}

/// A series over epochs.
pub(super) struct Line {
    pub(super) points: Vec<(u32, f64)>,
    /// Which color of the palette.
    pub(super) color: usize,
}

/// Draws lines over whole numbers; `mark` is a position to point out. `None` without a point.
pub(super) fn lines(lines: &[Line], mark: Option<u32>) -> Result<Option<String>, ChartError> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let (Some(first), Some(last)) = (
        points().map(|point| point.0).min(),
        points().map(|point| point.0).max(),
    ) else {
        return Ok(None);
    };
    let (low, high) = padded(points().map(|point| point.1));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = builder(&root).build_cartesian_2d(first..last.max(first + 1), low..high)?;
        styled(&mut chart.configure_mesh())
            .x_labels(8)
            .x_desc("epoch")
            .y_label_formatter(&|value| tick(*value, high - low))
            .draw()?;
        if let Some(mark) = mark {
            let ends = [(mark, low), (mark, high)];
            let dashes = DashedLineSeries::new(ends, 5, 4, INK.mix(0.6).stroke_width(1));
            chart.draw_series(dashes)?;
        }
        for line in lines {
            let stroke = color(line.color).stroke_width(2);
            chart.draw_series(LineSeries::new(line.points.iter().copied(), stroke))?;
            // A lone point is no line, and the marked one deserves a dot.
            let lone = line.points.len() == 1;
            let dots = line
                .points
                .iter()
                .filter(|point| lone || Some(point.0) == mark);
            chart.draw_series(
                dots.map(|&point| Circle::new(point, 4, color(line.color).filled())),
            )?;
        }
        root.present()?;
    }
    Ok(Some(svg))
}

/// A set of bars, one in each group.
pub(super) struct Bars {
    /// One value a group, with an interval to draw as a whisker where it has a length.
    pub(super) values: Vec<Option<(f64, f64, f64)>>,
    /// Which color of the palette.
    pub(super) color: usize,
}

/// How many characters the label of a group may have, so that neighbours do not touch.
pub(super) fn label_length_max(n_groups: usize) -> usize {
    (62 / n_groups.max(1)).clamp(3, 24)
}

/// Draws grouped bars from zero. `None` without a group or a series.
pub(super) fn grouped_bars(
    labels: &[String],
    series: &[Bars],
    percent: bool,
    x_title: &str,
) -> Result<Option<String>, ChartError> {
    if labels.is_empty() || series.is_empty() {
        return Ok(None);
    }
    let ends = series.iter().flat_map(|bars| bars.values.iter().flatten());
    let high = ends.map(|value| value.0.max(value.2)).fold(0.0, f64::max);
    let high = if high > 0.0 && high.is_finite() {
        high * 1.06
    } else {
        1.0
    };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = builder(&root).build_cartesian_2d(0.0..labels.len() as f64, 0.0..high)?;
        let show = |value: &f64| {
            if percent {
                format!("{:.0}%", value * 100.0)
            } else {
                tick(*value, high)
            }
        };
        styled(&mut chart.configure_mesh())
            .x_labels(0)
            .x_desc(x_title)
            .y_label_formatter(&show)
            .draw()?;
        // Bars fill four fifths of a group.
        let width = 0.8 / series.len() as f64;
        for (index, bars) in series.iter().enumerate() {
            for (group, value) in bars.values.iter().enumerate() {
                let Some((mean, low, top)) = *value else {
                    continue;
                };
                let left = group as f64 + 0.1 + index as f64 * width;
                let corners = [(left, 0.0), (left + width * 0.92, mean)];
                chart.draw_series([Rectangle::new(corners, color(bars.color).filled())])?;
                if low < top {
                    let middle = left + width * 0.46;
                    let whisker = vec![(middle, low), (middle, top)];
                    chart
                        .draw_series([PathElement::new(whisker, INK.mix(0.75).stroke_width(1))])?;
                }
            }
        }
        let place = |group: usize| chart.as_coord_spec().translate(&(group as f64 + 0.5, 0.0));
        group_labels(&root, labels, place)?;
        root.present()?;
    }
    Ok(Some(svg))
}

/// A point of a scatter chart.
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Which color of the palette.
    pub(super) color: usize,
}

/// What lies along the horizontal axis.
pub(super) enum Axis<'a> {
    Numbers,
    /// Positions are logarithms to the base 10.
    Logarithms,
    /// Position 0 is the first.
    Names(&'a [String]),
}

/// More than this many would hide each other, and are drawn smaller.
const MANY_DOTS: usize = 300;
/// Numbers beyond this are no setting's and no metric's.
const FARTHEST: f64 = 1e12;

/// Draws points, those out of all proportion left out. `None` without one.
pub(super) fn scatter(
    dots: &[Dot],
    axis: &Axis<'_>,
    x_title: &str,
) -> Result<Option<String>, ChartError> {
    let in_sight = |value: f64| value.abs() <= FARTHEST;
    let dots: Vec<&Dot> = dots
        .iter()
        .filter(|dot| in_sight(dot.x) && in_sight(dot.y))
        .collect();
    if dots.is_empty() {
        return Ok(None);
    }
    let (left, right) = match axis {
        Axis::Names(names) => (-0.5, names.len() as f64 - 0.5),
        _ => extent(dots.iter().map(|dot| dot.x)),
    };
    let (low, high) = padded(dots.iter().map(|dot| dot.y));
    let show = |value: &f64| match axis {
        Axis::Numbers => tick(*value, right - left),
        Axis::Logarithms => format!("{:.1e}", 10f64.powf(*value)),
        Axis::Names(_) => String::new(),
    };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = builder(&root).build_cartesian_2d(left..right, low..high)?;
        styled(&mut chart.configure_mesh())
            .x_labels(if matches!(axis, Axis::Names(_)) { 0 } else { 6 })
            .x_desc(x_title)
            .x_label_formatter(&show)
            .y_label_formatter(&|value| tick(*value, high - low))
            .draw()?;
        let radius = if dots.len() > MANY_DOTS { 2 } else { 5 };
        chart.draw_series(
            dots.iter()
                .map(|dot| Circle::new((dot.x, dot.y), radius, color(dot.color).filled())),
        )?;
        if let Axis::Names(names) = axis {
            let place = |at: usize| chart.as_coord_spec().translate(&(at as f64, low));
            group_labels(&root, names, place)?;
        }
        root.present()?;
    }
    Ok(Some(svg))
}

/// The least and the most; the wrong way round where there is nothing.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

/// From the least to the most with some air; never empty.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = ends(values);
    let air = ((high - low) * 0.05).max(low.abs() * 1e-3).max(1e-9);
    (low - air, high + air)
}

fn group_labels(
    root: &Area<'_>,
    labels: &[String],
    place: impl Fn(usize) -> (i32, i32),
) -> Result<(), ChartError> {
    let style = (FONT, FONT_SIZE, &INK).into_text_style(root);
    let style = style.pos(Pos::new(HPos::Center, VPos::Top));
    for (group, label) in labels.iter().enumerate() {
        let (x, y) = place(group);
        root.draw(&Text::new(label.clone(), (x, y + 8), style.clone()))?;
    }
    Ok(())
}

/// The range of the values with some air; never empty, whatever the values.
fn padded(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = ends(values.filter(|value| value.is_finite()));
    if low > high {
        return (0.0, 1.0);
    }
    let air = ((high - low) * 0.06).max(high.abs() * 0.01).max(1e-9);
    // Quantities that cannot be negative do not get a negative axis.
    let bottom = if low >= 0.0 {
        (low - air).max(0.0)
    } else {
        low - air
    };
    (bottom, high + air)
}

/// A tick label with as many digits as the range needs.
fn tick(value: f64, range: f64) -> String {
    let decimals = (2.0 - range.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hostile_values_draw_something_or_nothing_and_never_panic() {
        let odd = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300, 5e-324];
        for value in odd {
            let line = Line {
                points: vec![(1, value)],
                color: 0,
            };
            lines(&[line], Some(7)).unwrap();
            let bars = Bars {
                values: vec![Some((value, 0.0, value)), None],
                color: 99,
            };
            grouped_bars(&["<&\"".into(), String::new()], &[bars], true, "x").unwrap();
        }
        for axis in [
            Axis::Numbers,
            Axis::Logarithms,
            Axis::Names(&["<a>".to_owned()]),
        ] {
            let dots = odd.map(|value| Dot {
                x: value,
                y: value,
                color: 1,
            });
            let svg = scatter(&dots, &axis, "x").unwrap().unwrap();
            assert!(!svg.contains("<a>"));
            scatter(&dots[..1], &axis, "x").unwrap();
        }
        assert!(scatter(&[], &Axis::Numbers, "x").unwrap().is_none());
        assert!(lines(&[], None).unwrap().is_none());
        assert!(grouped_bars(&[], &[], false, "x").unwrap().is_none());
    }

    #[test]
    fn labels_are_escaped() {
        let bars = Bars {
            values: vec![Some((1.0, 1.0, 1.0))],
            color: 0,
        };
        let svg = grouped_bars(&["<script>".into()], &[bars], false, "x")
            .unwrap()
            .unwrap();
        assert!(!svg.contains("<script>"));
    }

    #[test]
    fn ticks_have_the_digits_of_their_range() {
        assert_eq!(
            [tick(0.05, 0.1), tick(0.125, 0.5), tick(1000.0, 5000.0)],
            ["0.05", "0.125", "1000"]
        );
        assert_eq!(padded([f64::NAN].into_iter()), (0.0, 1.0));
    }
}
