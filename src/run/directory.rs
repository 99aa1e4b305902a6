//! `RunDir`: a run directory on disk, for reading. Also the model directory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;

use super::atomic::{FileDigest, digest_of};
use super::manifest::{MANIFEST_NAME, Manifest};
use super::tensors::check_file_header;
use super::{File as RunFile, RunError};

pub(super) const CHECKPOINT_DIRECTORY: &str = "checkpoint";
/// Within the checkpoint directory.
pub(super) const REFIT_DIRECTORY: &str = "refit";
const CONTEST_DIRECTORY: &str = "contest";
/// Lies in the checkpoint directory, tells an unfinished run from a folder of someone's own that happens to hold a
/// `config.toml`, and names the command that trained it last.
pub(super) const MARKER_NAME: &str = ".sagebrush-run";
/// No command's name is longer.
const MARKER_BYTES_MAX: u64 = 64;

/// A run directory, for reading: no lock is needed, for every file changes whole or not at all.
///
/// A finished run lists every file with its size and hash in `MANIFEST.json`, and each read is checked against that. A
/// run without a manifest is unfinished. [`RunWriter`](super::RunWriter) writes.
#[derive(Debug)]
pub struct RunDir {
    pub(super) path: PathBuf,
    /// `None` until the run is finished.
    pub(super) manifest: Option<Manifest>,
}

impl RunDir {
    /// Opens a finished run, and checks that every file that answers need is there in its full size. The others are
    /// checked when they are read; [`verify`](Self::verify) reads all.
    ///
    /// # Errors
    /// A missing, unfinished, unknown or damaged run.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let run = Self::of_any_state(path.into())?;
        let Some(manifest) = &run.manifest else {
            return Err(RunError::Unfinished { path: run.path });
        };
        for (name, digest) in &manifest.files {
            if RunFile::of_name(name).is_none_or(RunFile::is_served) {
                check_size(&run.path.join(name), digest)?;
            }
        }
        Ok(run)
    }

    /// Opens a run, finished or not, and checks no file of it.
    ///
    /// # Errors
    /// A directory that is missing or not a run, or a manifest that is damaged or of a later format.
    pub fn of_any_state(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let mut run = Self::existing(path.into())?;
        if run.path.join(MANIFEST_NAME).exists() {
            run.manifest = Some(Manifest::read(&run.path)?);
        } else if !run.is_marked() {
            return Err(run.not_a_run());
        }
        Ok(run)
    }

    fn existing(path: PathBuf) -> Result<Self, RunError> {
        if path.is_dir() {
            return Ok(Self {
                path,
                manifest: None,
            });
        }
        let what = if path.exists() {
            "is not a directory"
        } else {
            "there is no such run"
        };
        let remedy = "give the directory that `sagebrush train --out` wrote".into();
        Err(RunError::Missing {
            path,
            what: what.into(),
            remedy,
        })
    }

    /// Where the run is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its checkpoints are.
    pub fn checkpoint_dir(&self) -> PathBuf {
        self.path.join(CHECKPOINT_DIRECTORY)
    }

    /// Where the checkpoints of its refit are.
    pub fn refit_checkpoint_dir(&self) -> PathBuf {
        self.checkpoint_dir().join(REFIT_DIRECTORY)
    }

    /// Where the contest is on record that is to choose its model, until that is chosen.
    pub fn contest_dir(&self) -> PathBuf {
        self.path.join(CONTEST_DIRECTORY)
    }

    /// The manifest, once the run is finished.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Whether the run has the file.
    pub fn has(&self, file: RunFile) -> bool {
        match &self.manifest {
            Some(manifest) => manifest.files.contains_key(file.name()),
            None => self.path.join(file.name()).is_file(),
        }
    }

    /// The command that trained it last, such as `demo`; empty where the run does not tell.
    pub fn trained_by(&self) -> String {
        let mut text = String::new();
        let marker = File::open(self.checkpoint_dir().join(MARKER_NAME));
        // Nobody's where it cannot be read: then it is nobody's to replace.
        let _ = marker.and_then(|file| file.take(MARKER_BYTES_MAX).read_to_string(&mut text));
        text.trim().to_owned()
    }

    /// Reads every file of a finished run and compares its hash.
    ///
    /// # Errors
    /// The first file that is missing or damaged, by name.
    pub fn verify(&self) -> Result<(), RunError> {
        self.verify_all_but(None)
    }

    pub(super) fn verify_all_but(&self, file: Option<RunFile>) -> Result<(), RunError> {
        let is_checked = |name: &str| file.is_none_or(|file| file.name() != name);
        let files = self.manifest.iter().flat_map(|manifest| &manifest.files);
        for (name, expected) in files.filter(|(name, _)| is_checked(name)) {
            let path = self.path.join(name);
            check_size(&path, expected)?;
            check_hash(&path, &digest_of(&path)?.blake3, expected)?;
        }
        Ok(())
    }

    /// Reads a file, checked against the manifest where there is one.
    pub(super) fn read(&self, file: RunFile) -> Result<Vec<u8>, RunError> {
        if !self.has(file) {
            return Err(self.without(file));
        }
        let bytes = self.read_unchecked(file)?;
        self.check(file, &bytes)?;
        Ok(bytes)
    }

    /// Maps a tensor file into memory, checked against the manifest where there is one.
    pub(super) fn map(&self, file: RunFile) -> Result<Arc<Mmap>, RunError> {
        let path = self.path.join(file.name());
        if !self.has(file) {
            return Err(self.without(file));
        }
        let mut opened = File::open(&path).map_err(RunError::unreadable(&path))?;
        let n_bytes = opened
            .metadata()
            .map_err(RunError::unreadable(&path))?
            .len();
        check_file_header(&path, &mut opened, n_bytes)?;
        // SAFETY: files of a run are written aside and renamed, never changed where they lie, and a file that has been
        // replaced stays as long as it is mapped.
        let map = unsafe { Mmap::map(&opened) }.map_err(RunError::unreadable(&path))?;
        self.check(file, &map)?;
        Ok(Arc::new(map))
    }

    /// Compares the hash of a file with the manifest, where there is one.
    fn check(&self, file: RunFile, bytes: &[u8]) -> Result<(), RunError> {
        let listed = self
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.files.get(file.name()));
        let Some(expected) = listed else {
            return Ok(());
        };
        let found = blake3::hash(bytes).to_hex();
        match check_hash(&self.path.join(file.name()), found.as_str(), expected) {
            // What answers do not need may be written anew meanwhile, and the manifest with it.
            Err(_) if !file.is_served() && self.lists_now(file, found.as_str()) => Ok(()),
            checked => checked,
        }
    }

    fn lists_now(&self, file: RunFile, found: &str) -> bool {
        let now = Manifest::read(&self.path).ok();
        let digest = now.as_ref().and_then(|now| now.files.get(file.name()));
        digest.is_some_and(|digest| digest.blake3 == found)
    }

    /// Reads a file as it is, whatever the manifest says.
    pub(super) fn read_unchecked(&self, file: RunFile) -> Result<Vec<u8>, RunError> {
        let path = self.path.join(file.name());
        match path.is_file() {
            true => read_bounded(&path, file),
            false => Err(self.without(file)),
        }
    }

    fn without(&self, file: RunFile) -> RunError {
        RunError::Missing {
            path: self.path.join(file.name()),
            what: "this run has no such file".into(),
            remedy: file.remedy().into(),
        }
    }

    pub(super) fn is_marked(&self) -> bool {
        self.checkpoint_dir().join(MARKER_NAME).is_file()
    }

    fn not_a_run(&self) -> RunError {
        RunError::Missing {
            path: self.path.clone(),
            what: "this directory is not a run (there is no MANIFEST.json)".into(),
            remedy: "give the directory that `sagebrush train --out` wrote".into(),
        }
    }
}

fn check_size(path: &Path, expected: &FileDigest) -> Result<(), RunError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(RunError::damaged(
            path,
            "it is listed in MANIFEST.json but missing",
        )),
        Err(error) => Err(RunError::unreadable(path)(error)),
        Ok(found) if found.is_file() && found.len() == expected.bytes => Ok(()),
        Ok(found) => {
            let (found, expected) = (found.len(), expected.bytes);
            Err(RunError::damaged(
                path,
                format!("it has {found} bytes where MANIFEST.json says {expected}"),
            ))
        }
    }
}

fn check_hash(path: &Path, found: &str, expected: &FileDigest) -> Result<(), RunError> {
    if found == expected.blake3 {
        return Ok(());
    }
    Err(RunError::damaged(
        path,
        "its content does not match its hash in MANIFEST.json",
    ))
}

fn read_bounded(path: &Path, file: RunFile) -> Result<Vec<u8>, RunError> {
    let mut opened = File::open(path).map_err(RunError::unreadable(path))?;
    let n_bytes = opened.metadata().map_err(RunError::unreadable(path))?.len();
    if file.is_tensors() {
        check_file_header(path, &mut opened, n_bytes)?;
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(n_bytes)
        .ok()
        .and_then(|n| bytes.try_reserve_exact(n).ok());
    if room.is_none() {
        return Err(RunError::damaged(
            path,
            format!("{n_bytes} bytes do not fit in memory"),
        ));
    }
    opened
        .take(n_bytes)
        .read_to_end(&mut bytes)
        .map_err(RunError::unreadable(path))?;
    Ok(bytes)
}
