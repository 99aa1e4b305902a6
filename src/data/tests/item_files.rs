//! Item files in every format: keys and titles by name, by option and by content; columns of features.

use super::*;

fn items() -> IdMap {
    let keys = ["101", "102", "103"].map(Box::from).to_vec();
    IdMap::from_ordered_keys(keys).unwrap()
}

fn columns(id: Option<&str>, title: Option<&str>) -> ItemColumnNames {
    ItemColumnNames {
        id: id.map(str::to_owned),
        title: title.map(str::to_owned),
        ..ItemColumnNames::default()
    }
}

fn titles(
    content: impl AsRef<[u8]>,
    columns: &ItemColumnNames,
) -> Result<Vec<Option<String>>, String> {
    let folder = Folder::new();
    let titles = read_item_titles(&folder.file("items", content), columns, &items());
    titles.map_err(|error| error.to_string())
}

fn films() -> Vec<Option<String>> {
    ["Film 101", "Film 102", "Film 103"]
        .map(|title| Some(title.to_owned()))
        .to_vec()
}

#[test]
fn json_lines_and_arrays_are_item_files() {
    let rows = [
        r#"{"item_id":101,"title":"Film 101","genres":["noir","war"],"year":1950}"#,
        r#"{"item_id":"102","title":"Film 102","genres":[],"year":null}"#,
        r#"{"item_id":103.0,"title":"Film 103"}"#,
    ];
    for text in [rows.join("\n"), format!("[{}]", rows.join(",\n"))] {
        assert_eq!(titles(&text, &columns(None, None)), Ok(films()));
        let folder = Folder::new();
        let input = folder.file("items", &text);
        let read = read_item_columns(
            &input,
            &columns(None, None),
            &items(),
            &["title", "genres", "year"],
            true,
        )
        .unwrap();
        assert_eq!(
            read.columns[1].values,
            [Some("noir|war".to_owned()), None, None]
        );
        assert_eq!(
            read.columns[2].values,
            [Some("1950".to_owned()), None, None]
        );
        assert_eq!(read.rows, [Some(0), Some(1), Some(2)]);
        let keys = read_item_keys(&input, &columns(None, None)).unwrap();
        assert_eq!(keys, ["101", "102", "103"].map(Box::from));
    }
}

#[test]
fn keys_are_found_by_name_by_option_and_by_content() {
    let by_content =
        "n,code,what\n0,101,Film 101\n1,102,Film 102\n2,103,Film 103\n3,999,Film 999\n";
    let named = columns(None, Some("what"));
    assert_eq!(titles(by_content, &named), Ok(films()));
    assert_eq!(
        titles(by_content, &columns(Some("CODE"), Some("what"))),
        Ok(films())
    );
    let message = titles(by_content, &columns(Some("sku"), None)).unwrap_err();
    assert!(
        message.contains("`sku`") && message.contains("--item-id-column"),
        "{message}"
    );
    let unknown = "n,code,title\n0,x,Film 101\n";
    let message = titles(unknown, &columns(None, None)).unwrap_err();
    assert!(message.contains("`--item-id-column NAME`"), "{message}");
    assert!(message.contains("n, code, title"), "{message}");
    // The number of a row is no key, though it may be one of the log's.
    let index = ",sku,title\n101,103,Film 103\n102,102,Film 102\n103,101,Film 101\n";
    assert_eq!(titles(index, &columns(None, None)), Ok(films()));
}

#[test]
fn whole_numbers_written_as_floats_are_keys() {
    let floats = "item_id,title\n101.0,Film 101\n102.0,Film 102\n103.0,Film 103\n";
    assert_eq!(titles(floats, &columns(None, None)), Ok(films()));
}

#[test]
fn a_file_may_lack_titles_where_other_columns_are_read() {
    let folder = Folder::new();
    let input = folder.file("items.csv", "item_id,genre\n101,noir\n");
    let names = columns(None, None);
    let read =
        |needs_title| read_item_columns(&input, &names, &items(), &["title", "genre"], needs_title);
    let found = read(false).unwrap();
    assert_eq!(found.columns[0].values, [None, None, None]);
    assert_eq!(found.columns[1].values[0].as_deref(), Some("noir"));
    assert!(
        read(true)
            .unwrap_err()
            .to_string()
            .contains("no column \"title\"")
    );
    let named = folder.file("named.csv", "item_id,movie_title\n101,Film 101\n");
    let found = read_item_columns(&named, &names, &items(), &["title"], true).unwrap();
    assert_eq!(found.columns[0].values[0].as_deref(), Some("Film 101"));
}

/// Lines of `u.item` of MovieLens 100K as they are published, in Latin-1.
#[test]
fn films_of_movielens_100k_need_no_header() {
    let lines =
        b"101|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)\
        |0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n\
        102|Mis\xe9rables, Les (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Mis%E9rables\
        |0|0|0|0|0|0|0|0|1|0|0|0|1|0|0|0|0|0|0\n\
        103|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n";
    let expected = ["Toy Story (1995)", "Mis\u{e9}rables, Les (1995)", "unknown"];
    assert_eq!(
        titles(lines, &columns(None, None)),
        Ok(expected.map(|title| Some(title.to_owned())).to_vec())
    );
    let folder = Folder::new();
    let input = folder.file("u.item", lines);
    let categories = read_item_categories(&input, &columns(None, None), &items());
    let categories = categories.unwrap().unwrap();
    assert_eq!(
        categories.names(),
        ["Animation", "Children's", "Comedy", "Drama", "Musical"]
    );
    assert_eq!(categories.items_of("Musical"), Some(vec![1]));
    let cut = [&lines[..], b"104|Cut|||\n"].concat();
    let message = titles(cut, &columns(None, None)).unwrap_err();
    assert!(
        message.contains("items:4: the row has 5 fields where 24 are expected"),
        "{message}"
    );
}

#[test]
fn a_folder_or_a_pattern_of_item_files_is_one() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("items")).unwrap();
    folder.file(
        "items/a.csv",
        "item_id,title,genres\n101,Film 101,War\n999,x,x\n",
    );
    folder.file(
        "items/b.csv",
        "genres,title,item_id\nDrama|War,Film 103,103\nx,Again,101\n",
    );
    folder.file(
        "items/c.jsonl",
        "{\"item_id\":102,\"title\":\"Film 102\",\"genres\":[\"Drama\"]}\n",
    );
    folder.file("items/d.csv", "");
    folder.file("items/e.csv", "item_id,title,genres\n");
    folder.file("items/_SUCCESS", "");
    let names = columns(None, None);
    let all = Input::Path(folder.path("items"));
    assert_eq!(read_item_titles(&all, &names, &items()).unwrap(), films());
    let read = read_item_columns(&all, &names, &items(), &["genres"], true).unwrap();
    assert_eq!(read.rows, [Some(0), None, Some(2), None, Some(1)]);
    let genres = ["War", "Drama", "Drama|War"].map(|text| Some(text.to_owned()));
    assert_eq!(read.columns[0].values, genres);
    let keys = read_item_keys(&all, &names).unwrap();
    assert_eq!(keys, ["101", "999", "103", "102"].map(Box::from));
    let log = [folder.file("log.csv", "user,item\n1,101\n1,103\n")];
    let (dataset, _) = read_dataset(&log, &[], Some(&all), &ReadOptions::default()).unwrap();
    let sources = dataset
        .sources
        .iter()
        .map(|file| (&*file.format, file.rows));
    let expected = [
        ("csv", 2),
        ("csv items", 2),
        ("csv items", 2),
        ("json-lines items", 1),
        ("csv items", 0),
    ];
    assert_eq!(sources.collect::<Vec<_>>(), expected);
    let some = Input::Path(folder.path("items/*.csv"));
    assert_eq!(read_item_titles(&some, &names, &items()).unwrap()[1], None);
    let empty = Input::Path(folder.path("items/[de].csv"));
    let message = read_item_titles(&empty, &names, &items())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("d.csv: the file holds no data rows"),
        "{message}"
    );
}

#[test]
fn words_of_a_recbole_sequence_are_categories() {
    let folder = Folder::new();
    let text = "item_id:token\tmovie_title:token_seq\tclass:token_seq\tmaker:token\n\
        101\tToy Story\tAnimation Children's  Comedy\tA B\n102\tFilm\t\tC\n";
    let input = folder.file("x.item", text);
    let names = ItemColumnNames {
        category: Some("class".to_owned()),
        ..ItemColumnNames::default()
    };
    let categories = read_item_categories(&input, &names, &items())
        .unwrap()
        .unwrap();
    assert_eq!(categories.names(), ["Animation", "Children's", "Comedy"]);
    let wanted = ["title", "movie_title", "class", "maker"];
    let read = read_item_columns(&input, &names, &items(), &wanted, true).unwrap();
    let first = read
        .columns
        .iter()
        .map(|column| column.values[0].as_deref().unwrap());
    let expected = [
        "Toy Story",
        "Toy Story",
        "Animation|Children's|Comedy",
        "A B",
    ];
    assert_eq!(first.collect::<Vec<_>>(), expected);
}

#[test]
fn a_column_of_categories_may_have_any_name() {
    let folder = Folder::new();
    let input = folder.file("x.csv", "item_id,genres,kinds\n101,a|b,\"c, d\"\n");
    let named = |name: Option<&str>| {
        let names = ItemColumnNames {
            category: name.map(str::to_owned),
            ..ItemColumnNames::default()
        };
        let found = read_item_categories(&input, &names, &items());
        found
            .map(|found| found.unwrap().names().to_vec())
            .map_err(|error| error.to_string())
    };
    assert_eq!(named(None).unwrap(), ["a", "b"]);
    assert_eq!(named(Some("Kinds")).unwrap(), ["c", "d"]);
    let message = named(Some("tags")).unwrap_err();
    assert!(
        message.contains("no category column called `tags`; found: item_id, genres, kinds")
            && message.contains("--category-column NAME"),
        "{message}"
    );
}

#[cfg(feature = "parquet")]
mod of_parquet {
    use super::super::parquet::{by, column, parquet};
    use super::*;
    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::{
        ArrayRef, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int32Array, StringArray,
    };

    #[test]
    fn parquet_is_an_item_file_whatever_the_type_of_its_keys() {
        let keys: [ArrayRef; 4] = [
            column(Int32Array::from(vec![101, 102, 103])),
            column(Float64Array::from(vec![101.0, 102.0, 103.0])),
            column(StringArray::from(vec!["101", " 102", "103"])),
            column(
                Decimal128Array::from(vec![10100, 10200, 10300])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
        ];
        for keys in keys {
            let names = column(StringArray::from(vec![
                Some("Film 101"),
                Some("Film 102"),
                None,
            ]));
            let mut genres = ListBuilder::new(StringBuilder::new());
            genres.append_value([Some("noir"), None, Some("war")]);
            genres.append_null();
            genres.append_value([Some("noir")]);
            let genres: ArrayRef = std::sync::Arc::new(genres.finish());
            let bytes = parquet(
                vec![("name", names), ("genres", genres), ("item_id", keys)],
                2,
            );
            let mut expected = films();
            expected[2] = None;
            assert_eq!(titles(&bytes, &columns(None, None)), Ok(expected));
            let folder = Folder::new();
            let input = folder.file("items.parquet", &bytes);
            let read = read_item_columns(&input, &columns(None, None), &items(), &["genres"], true)
                .unwrap();
            let expected = [Some("noir|war".to_owned()), None, Some("noir".to_owned())];
            assert_eq!(read.columns[0].values, expected);
            let keys = read_item_keys(&input, &columns(None, None)).unwrap();
            assert_eq!(keys, ["101", "102", "103"].map(Box::from));
        }
    }

    /// As Polars writes `pl.DataFrame({"item_id": pl.Series([101, 10**20, -3], dtype=pl.Int128), …})`.
    #[test]
    fn whole_numbers_of_128_bits_as_polars_writes_them_are_keys() {
        let number = |n: i128| n.to_le_bytes();
        let numbers = [101, 100_000_000_000_000_000_000, -3].map(number);
        let keys = column(FixedSizeBinaryArray::try_from_iter(numbers.iter()).unwrap());
        let names = column(StringArray::from(vec!["Film 101", "b", "c"]));
        let columns_of = || vec![("item_id", keys.clone()), ("title", names.clone())];
        let folder = Folder::new();
        let input = folder.file("items.parquet", by("Polars", columns_of()));
        let found = read_item_keys(&input, &columns(None, None)).unwrap();
        assert_eq!(found, ["101", "100000000000000000000", "-3"].map(Box::from));
        let titles = read_item_titles(&input, &columns(None, None), &items()).unwrap();
        assert_eq!(titles[0].as_deref(), Some("Film 101"));
        // Of others they are UUIDs.
        let input = folder.file("others.parquet", by("parquet-rs", columns_of()));
        let found = read_item_keys(&input, &columns(None, None)).unwrap();
        assert_eq!(&*found[0], "65000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn bytes_of_a_uuid_are_its_key() {
        let bytes = [
            0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17,
            0x40, 0x00,
        ];
        let keys = column(FixedSizeBinaryArray::try_from_iter([bytes].iter()).unwrap());
        let titles = column(StringArray::from(vec!["A film"]));
        let bytes = parquet(vec![("item_id", keys), ("title", titles)], 2);
        let folder = Folder::new();
        let found = read_item_keys(&folder.file("items", bytes), &columns(None, None)).unwrap();
        assert_eq!(found, [Box::from("123e4567-e89b-12d3-a456-426614174000")]);
    }

    #[test]
    fn a_null_key_is_refused_with_its_row() {
        let keys = column(StringArray::from(vec![Some("101"), None]));
        let names = column(StringArray::from(vec!["a", "b"]));
        let message = titles(
            parquet(vec![("item", keys), ("title", names)], 1),
            &columns(None, None),
        );
        assert!(
            message
                .unwrap_err()
                .contains("items row 2: the item id is empty")
        );
    }
}
