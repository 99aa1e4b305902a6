//! `man`: the manual pages, made of what `--help` says.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::session::Session;
use crate::error::{Result, Usage};

/// Writes a page for the program and one a command.
///
/// # Errors
/// A folder that cannot be written.
pub(super) fn man(session: &Session, out: &Path) -> Result<()> {
    let unwritable = |error: std::io::Error| {
        Usage(format!(
            "{}: cannot be written ({error}); give another folder with `--out`",
            out.display()
        ))
    };
    std::fs::create_dir_all(out).map_err(unwritable)?;
    clap_mangen::generate_to(Cli::command(), out).map_err(unwritable)?;
    let pages = std::fs::read_dir(out).map_err(unwritable)?.flatten();
    let is_page = |name: &str| name.starts_with("sagebrush") && name.ends_with(".1");
    let names = pages.map(|page| page.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| is_page(name)).collect();
    names.sort_unstable();
    match session.json {
        true => session.print_json(&serde_json::json!({"folder": out, "pages": names})),
        false => session.print(&format!("{} pages in {}", names.len(), out.display())),
    }
}
