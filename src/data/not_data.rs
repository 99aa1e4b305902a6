//! Files that are no log by their first bytes: archives, other tools' tables, pages. Each with the command that helps.

/// What a file is, and what to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotData {
    pub(super) what: &'static str,
    pub(super) remedy: String,
}

/// How a remedy is made of the file's name.
type Remedy = fn(&str) -> String;

/// Where a tar archive has its mark.
const TAR_MARK_AT: usize = 257;

const KNOWN: &[(&[u8], &str, Remedy)] = &[
    (b"PK\x03\x04", "a zip archive", unzip),
    (b"PK\x05\x06", "an empty zip archive", unzip),
    (b"\xfd7zXZ\0", "compressed with xz", |name| {
        unpack(&format!("xz -dk {}", word(name)))
    }),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", |name| {
        unpack(&format!("7z x {}", word(name)))
    }),
    (b"Rar!\x1a\x07", "a RAR archive", |name| {
        unpack(&format!("unrar x {}", word(name)))
    }),
    (b"\x04\x22\x4d\x18", "compressed with lz4", |name| {
        unpack(&format!("lz4 -dk {}", word(name)))
    }),
    (b"\x1f\x9d", "compressed with compress", |name| {
        unpack(&format!("uncompress -k {}", word(name)))
    }),
    (b"ARROW1\0\0", "an Arrow IPC file (Feather)", |name| {
        to_parquet(name, "read_feather")
    }),
    (b"FEA1", "a Feather file", |name| {
        to_parquet(name, "read_feather")
    }),
    (b"ORC", "an ORC file", |name| to_parquet(name, "read_orc")),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", |name| {
        to_parquet(name, "read_hdf")
    }),
    (b"PARE", "an encrypted Parquet file", |_| {
        "write it without encryption".to_owned()
    }),
    (b"Obj\x01", "an Avro file", |name| {
        let lines = word(&renamed(name, "jsonl"));
        format!(
            "write it as JSON lines, as with `avro-tools tojson {} > {lines}`",
            word(name)
        )
    }),
    (b"SQLite format 3\0", "an SQLite database", |name| {
        let csv = word(&renamed(name, "csv"));
        format!(
            "write its table as CSV, as with `sqlite3 -header -csv {} 'select * from log' > {csv}`",
            word(name)
        )
    }),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook of the old format (.xls)",
        |_| SAVE_AS_CSV.to_owned(),
    ),
    (b"\x93NUMPY", "a NumPy array", |_| {
        "write its rows as CSV or Parquet".to_owned()
    }),
    (b"%PDF-", "a PDF document", |_| {
        "give the data themselves".to_owned()
    }),
    (b"\xff\xfe\0\0", "text in UTF-32", of_utf32),
    (b"\0\0\xfe\xff", "text in UTF-32", of_utf32),
    (
        b"version https://git-lfs.github.com/",
        "a pointer of Git LFS and not the file itself",
        |name| {
            format!(
                "fetch the file, as with `git lfs pull --include {}`",
                word(name)
            )
        },
    ),
];

const SAVE_AS_CSV: &str = "save its sheet as CSV";

/// What a file is whose first bytes, unpacked from gzip or zstd, are these; `None` where it may be a log.
pub(super) fn recognize(name: &str, head: &[u8]) -> Option<NotData> {
    let not_data = |what, remedy| Some(NotData { what, remedy });
    if head.starts_with(b"PK\x03\x04") && contains(head, b"xl/") {
        return not_data("an Excel workbook (.xlsx)", SAVE_AS_CSV.to_owned());
    }
    // `BZh`, a digit, and the mark of a block or of the end.
    let of_bzip2 = |mark: &[u8]| mark == b"1AY" || mark == b"\x17rE";
    if head.starts_with(b"BZh") && head.get(4..7).is_some_and(of_bzip2) {
        let remedy = unpack(&format!("bunzip2 -k {}", word(name)));
        return not_data("compressed with bzip2", remedy);
    }
    let tar_mark = head.get(TAR_MARK_AT..).unwrap_or_default();
    if tar_mark.starts_with(b"ustar") {
        return not_data("a tar archive", unpack(&format!("tar -xf {}", word(name))));
    }
    let known = KNOWN.iter().find(|(mark, ..)| is_marked(head, mark));
    if let Some(&(_, what, remedy)) = known {
        return not_data(what, remedy(name));
    }
    let text = head.trim_ascii_start();
    let begins = |tag: &[u8]| {
        let head = text.get(..tag.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(tag))
    };
    if begins(b"<!doctype html") || begins(b"<html") {
        let remedy = "such a page may come in place of a download: download the data again";
        return not_data("an HTML page", remedy.to_owned());
    }
    if begins(b"<?xml") {
        let remedy = "convert its rows to CSV or JSON lines";
        return not_data("an XML document", remedy.to_owned());
    }
    None
}

/// Whether a file begins with a mark. One of letters might begin a header too: then other bytes than text follow.
fn is_marked(head: &[u8], mark: &[u8]) -> bool {
    const LOOKED_AT: usize = 16;
    let Some(rest) = head.strip_prefix(mark) else {
        return false;
    };
    let is_no_text = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let letters_alone = mark.iter().all(u8::is_ascii_alphanumeric);
    !letters_alone || rest[..rest.len().min(LOOKED_AT)].iter().any(is_no_text)
}

fn unpack(command: &str) -> String {
    format!("unpack it, as with `{command}`")
}

fn unzip(name: &str) -> String {
    let csv = word(&renamed(name, "csv"));
    unpack(&format!("unzip -p {} > {csv}", word(name)))
}

fn of_utf32(name: &str) -> String {
    let csv = word(&renamed(name, "utf8.csv"));
    format!(
        "convert it, as with `iconv -f UTF-32 -t UTF-8 {} > {csv}`",
        word(name)
    )
}

fn to_parquet(name: &str, read: &str) -> String {
    let python = format!(
        "import pandas; pandas.{read}({name:?}).to_parquet({:?})",
        renamed(name, "parquet")
    );
    format!("write it as Parquet, as with `python -c {}`", word(&python))
}

/// The name with another ending.
fn renamed(name: &str, ending: &str) -> String {
    let stem = match name.rsplit_once('.') {
        Some((stem, old)) if !old.contains('/') && !stem.is_empty() => stem,
        _ => name,
    };
    format!("{stem}.{ending}")
}

/// A text as a shell takes it for one word.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._-/+=:,@%".contains(c);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let mut tar = vec![b'a'; 512];
        tar[TAR_MARK_AT..TAR_MARK_AT + 5].copy_from_slice(b"ustar");
        for (head, what, remedy) in [
            (
                &b"PK\x03\x04\x14"[..],
                "a zip archive",
                "unzip -p logs/log.bin > logs/log.csv",
            ),
            (b"PK\x03\x04...xl/workbook.xml", "Excel", "CSV"),
            (b"BZh91AY&SY", "bzip2", "bunzip2 -k logs/log.bin"),
            (b"\xfd7zXZ\0\0", "xz", "xz -dk"),
            (b"7z\xbc\xaf\x27\x1c", "7z", "7z x"),
            (&tar, "tar", "tar -xf"),
            (b"ARROW1\0\0", "Feather", "to_parquet"),
            (b"ORC\x0a\x0b\x0a\x03\0", "ORC", "read_orc"),
            (b"SQLite format 3\0", "SQLite", "sqlite3"),
            (b"\n<!DOCTYPE html>", "HTML", "download"),
        ] {
            let found = recognize("logs/log.bin", head).map(|found| (found.what, found.remedy));
            let found = found.unwrap_or_default();
            assert!(
                found.0.contains(what) && found.1.contains(remedy),
                "{found:?}"
            );
        }
        for head in [
            &b"user,item\n"[..],
            b"BZh9,1\n",
            b"PK,1\n",
            b"ORCID,item\n1",
            b"PARENT,x\n",
            b"",
            b"<3,book\n",
        ] {
            assert_eq!(recognize("log", head), None);
        }
    }

    #[test]
    fn names_are_words_of_a_shell() {
        let found = recognize("my log.zip", b"PK\x03\x04").map(|found| found.remedy);
        assert!(found.is_some_and(|text| text.contains("unzip -p 'my log.zip' > 'my log.csv'")));
        assert_eq!(renamed("../a.b/log", "csv"), "../a.b/log.csv");
    }
}
