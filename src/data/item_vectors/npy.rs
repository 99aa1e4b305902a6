//! NumPy's `.npy`, versions 1 to 3 (NEP 1): a magic, a version, a Python dictionary, then the elements.

use super::Rows;

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads a two-dimensional array of floats in C order.
pub(super) fn read(bytes: &[u8]) -> Result<Rows, String> {
    let cut = || "the file is cut short".to_owned();
    let (&[major, _], rest) = bytes
        .get(MAGIC.len()..)
        .and_then(<[u8]>::split_first_chunk)
        .ok_or_else(cut)?;
    let (n_header, rest) = match major {
        1 => {
            let (n, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (u16::from_le_bytes(*n) as usize, rest)
        }
        2 | 3 => {
            let (n, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (u32::from_le_bytes(*n) as usize, rest)
        }
        other => return Err(format!("version {other} of the format is not known here")),
    };
    let (header, data) = rest.split_at_checked(n_header).ok_or_else(cut)?;
    let header = str::from_utf8(header).map_err(|_| "its header is not text".to_owned())?;
    if value(header, "fortran_order")?.starts_with("True") {
        return Err("it is in Fortran order: save it with `numpy.ascontiguousarray`".to_owned());
    }
    let (n, width) = shape(value(header, "shape")?)?;
    let kind = value(header, "descr")?
        .trim_start_matches(['\'', '"'])
        .split(['\'', '"'])
        .next()
        .unwrap_or_default();
    let values: Vec<f32> = match kind {
        "<f4" => elements(data, n, width, |bytes: [u8; 4]| f32::from_le_bytes(bytes))?,
        "<f8" => elements(data, n, width, |bytes: [u8; 8]| {
            f64::from_le_bytes(bytes) as f32
        })?,
        other => {
            return Err(format!(
                "it holds `{other}`: save it as `numpy.float32` (`<f4`) or `numpy.float64` (`<f8`)"
            ));
        }
    };
    Ok(Rows { n, width, values })
}

/// What stands after a key of the dictionary.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let quoted = [format!("'{key}':"), format!("\"{key}\":")];
    quoted
        .iter()
        .find_map(|key| header.split_once(key.as_str()))
        .map(|(_, value)| value.trim_start())
        .ok_or_else(|| format!("its header does not say `{key}`"))
}

fn shape(text: &str) -> Result<(usize, usize), String> {
    let inside = text
        .strip_prefix('(')
        .and_then(|text| text.split_once(')'))
        .map(|(inside, _)| inside)
        .ok_or("its header has no shape")?;
    let sizes: Result<Vec<usize>, _> = inside
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(str::parse)
        .collect();
    match sizes.as_deref() {
        Ok(&[n, width]) if width > 0 => Ok((n, width)),
        _ => Err(format!(
            "its shape is ({inside}): vectors have two dimensions, rows and their floats"
        )),
    }
}

fn elements<const N: usize>(
    data: &[u8],
    n: usize,
    width: usize,
    read: impl Fn([u8; N]) -> f32,
) -> Result<Vec<f32>, String> {
    let expected = n.checked_mul(width).and_then(|n| n.checked_mul(N));
    if expected != Some(data.len()) {
        return Err(format!(
            "its header tells of {n} rows of {width} floats, {} bytes, and {} are there",
            expected.map_or("too many".to_owned(), |bytes| bytes.to_string()),
            data.len()
        ));
    }
    let (chunks, _) = data.as_chunks::<N>();
    Ok(chunks.iter().map(|&bytes| read(bytes)).collect())
}
