//! The typed header of RecBole atomic files, which are tab-separated and have no quotes.

const TYPES: [&[u8]; 4] = [b"token", b"token_seq", b"float", b"float_seq"];

/// Whether a line is a typed header.
pub(super) fn is_header(line: &[u8]) -> bool {
    line.split(|&byte| byte == b'\t').all(|field| {
        let mut parts = field.trim_ascii().rsplitn(2, |&byte| byte == b':');
        let kind = parts.next().unwrap_or_default();
        TYPES.contains(&kind) && parts.next().is_some_and(|name| !name.is_empty())
    })
}

/// Column names without their types.
pub(super) fn plain_header(names: Vec<String>) -> Vec<String> {
    let plain = |name: String| match name.rsplit_once(':') {
        Some((plain, _)) => plain.to_owned(),
        None => name,
    };
    names.into_iter().map(plain).collect()
}
