//! The two programs: given, or built from a commit with the dependencies that are there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::Program;

/// What is asked for.
pub(crate) struct Request {
    before: Before,
    /// This tree's program where none is given.
    after: Option<PathBuf>,
    pub(crate) quick: bool,
    /// Part of the names of what is measured; everything where empty.
    pub(crate) only: String,
}

enum Before {
    Revision(String),
    Program(PathBuf),
}

impl Request {
    /// `None` when nothing is to be compared.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut arguments = arguments.filter(|argument| argument != "--bench");
        let (mut revision, mut before, mut after) = (None, None, None);
        let (mut quick, mut only) = (false, String::new());
        while let Some(argument) = arguments.next() {
            let mut path = |slot: &mut Option<PathBuf>| {
                let given = arguments
                    .next()
                    .ok_or(format!("{argument} needs a program"))?;
                let full = Path::new(&given).canonicalize();
                *slot = Some(full.map_err(|e| format!("{given}: {e}"))?);
                Ok::<(), String>(())
            };
            match argument.as_str() {
                "--quick" => quick = true,
                "--only" => only = arguments.next().ok_or("--only needs part of a name")?,
                "--before" => path(&mut before)?,
                "--after" => path(&mut after)?,
                option if option.starts_with('-') => {
                    return Err(format!(
                        "unknown option {option}; there are --quick, --only, --before and --after"
                    ));
                }
                _ if revision.is_some() => return Err("name one commit only".to_owned()),
                _ => revision = Some(argument),
            }
        }
        let before = match (revision, before) {
            (Some(revision), None) => Before::Revision(revision),
            (None, Some(program)) => Before::Program(program),
            (None, None) if after.is_none() && !quick => return Ok(None),
            (None, None) => return Err("name a commit, or a program by --before".to_owned()),
            (Some(_), Some(_)) => return Err("name a commit or --before, not both".to_owned()),
        };
        Ok(Some(Self {
            before,
            after,
            quick,
            only,
        }))
    }
}

/// Both programs, each with a folder to work in.
pub(crate) struct Sides {
    pub(crate) before: Program,
    pub(crate) after: Program,
}

impl Sides {
    pub(crate) fn new(request: &Request, work: &Path) -> Result<Self, String> {
        // Building the commit writes over this tree's program.
        let after = match &request.after {
            Some(program) => program.clone(),
            None => keep(Path::new(env!("CARGO_BIN_EXE_sagebrush")), "after"),
        };
        let before = match &request.before {
            Before::Program(program) => program.clone(),
            Before::Revision(revision) => build(revision)?,
        };
        let program = |path: PathBuf, name: &str| {
            let folder = work.join(name);
            std::fs::create_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
            Ok::<_, String>(Program::new(path, folder))
        };
        Ok(Self {
            before: program(before, "before")?,
            after: program(after, "after")?,
        })
    }
}

/// A folder that is gone in the end.
pub(crate) fn work_folder() -> tempfile::TempDir {
    tempfile::tempdir_in(folder()).unwrap()
}

/// The program of a commit, built in the target directory of this benchmark and as this tree was.
fn build(revision: &str) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = folder().join("tree");
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .current_dir(root)
            .args(arguments)
            .status();
        status.is_ok_and(|status| status.success())
    };
    let path = tree.to_str().unwrap();
    if tree.exists() {
        git(&["worktree", "remove", "--force", path]);
    }
    if !git(&["worktree", "add", "--detach", path, revision]) {
        return Err(format!("`{revision}` is not a commit of this repository"));
    }
    let built_here = profile_folder();
    let mut build = Command::new(env!("CARGO"));
    build
        .current_dir(&tree)
        .env("CARGO_TARGET_DIR", target())
        .args(["build", "--workspace"]);
    if built_here.ends_with("release") {
        build.arg("--release");
    }
    let built = build.status();
    git(&["worktree", "remove", "--force", path]);
    match built.is_ok_and(|status| status.success()) {
        true => Ok(keep(&built_here.join("sagebrush"), "before")),
        false => Err(format!("{revision} does not build")),
    }
}

/// Where this tree's program was built: `debug` or `release` of the target directory.
fn profile_folder() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sagebrush")).parent().unwrap()
}

fn target() -> &'static Path {
    profile_folder().parent().unwrap()
}

fn folder() -> PathBuf {
    let folder = target().join("compare");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A copy of a program that the next build does not write over.
fn keep(program: &Path, name: &str) -> PathBuf {
    let copy = folder().join(name);
    std::fs::copy(program, &copy).unwrap();
    copy
}
