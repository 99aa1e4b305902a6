//! The manual pages: one a command, with its options and examples.

use crate::data::Workspace;

#[test]
fn every_command_has_a_manual_page() {
    let work = Workspace::new();
    let said = work.json(&["man", "--out", "share/man1"]);
    let pages: Vec<&str> = said["pages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|page| page.as_str())
        .collect();
    let help = String::from_utf8(work.succeed(&["--help"]).stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    // Further lines of a command's words begin further in.
    let names = commands.filter_map(|line| {
        line.strip_prefix("  ")
            .filter(|rest| !rest.starts_with(' '))
    });
    let names: Vec<&str> = names
        .filter_map(|line| line.split(' ').next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() > 10, "{names:?}");
    assert_eq!(pages.len(), names.len() + 1, "{pages:?}");
    for name in names {
        let page = String::from_utf8(work.read(&format!("share/man1/sagebrush-{name}.1"))).unwrap();
        assert!(
            page.contains(".SH OPTIONS") && page.contains(".TH"),
            "{name}"
        );
    }
    let page = String::from_utf8(work.read("share/man1/sagebrush-recommend.1")).unwrap();
    assert!(page.contains(r"\-\-category") && page.contains("Examples"));
    work.write("file", b"");
    work.refused(
        &["man", "--out", "file"],
        2,
        "give another folder with `--out`",
    );
}
