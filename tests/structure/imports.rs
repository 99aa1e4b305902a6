//! Reads the sources of a crate and tells which file imports which: `use` lines and `crate::`, `super::` and `self::`
//! paths, followed through re-exports to the file that declares a name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Path of a module below the crate root; empty for the root itself.
type Module = Vec<String>;

/// Which top-level modules each top-level module may know.
pub(crate) type MayKnow<'a> = &'a [(&'a str, &'a [&'a str])];

/// The sources of one crate.
pub(crate) struct Sources {
    files: BTreeMap<Module, File>,
    /// Which files each file imports, without those of a folder's `mod.rs` from or by its own children.
    edges: BTreeMap<Module, BTreeSet<Module>>,
}

struct File {
    path: PathBuf,
    text: String,
    /// The text with comments and literals blanked out.
    code: String,
    declared: BTreeSet<String>,
    /// Names that `use` brings in, with the absolute path of each; the name of a glob is `*`.
    imported: Vec<(String, Module)>,
    /// Absolute paths the file speaks of.
    paths: Vec<Module>,
}

impl Sources {
    /// Reads every `.rs` file below `dir`, the folder of `lib.rs`. A `main.rs` beside it is a crate of its own and left
    /// out.
    pub(crate) fn read(dir: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let path = path.strip_prefix(dir).unwrap_or(&path).to_owned();
                    if path != Path::new("main.rs") {
                        let text = fs::read_to_string(dir.join(&path))?;
                        files.insert(module_of(&path), File::new(path, text));
                    }
                }
            }
        }
        let modules: BTreeSet<Module> = files.keys().cloned().collect();
        for (module, file) in &mut files {
            file.parse(module, &modules);
        }
        let mut sources = Self {
            files,
            edges: BTreeMap::new(),
        };
        sources.edges = sources.edges();
        Ok(sources)
    }

    /// Groups of files that import one another in a circle.
    pub(crate) fn circles(&self) -> Vec<String> {
        let mut circles = Vec::new();
        let mut seen = BTreeSet::new();
        for module in self.files.keys() {
            let group: BTreeSet<Module> = self
                .reachable(module)
                .into_iter()
                .filter(|other| self.reachable(other).contains(module))
                .collect();
            if !group.is_empty() && seen.insert(group.clone()) {
                let names: Vec<String> = group.iter().map(|module| self.name(module)).collect();
                circles.push(format!("circle: {}", names.join(", ")));
            }
        }
        circles
    }

    /// Imports between top-level modules that the table does not list, and modules that are missing in the table. The
    /// crate root may know all, and no module may know the root; files of tests are not part of the structure.
    pub(crate) fn forbidden(&self, may_know: MayKnow<'_>) -> Vec<String> {
        let mut found = Vec::new();
        for (from, to) in self
            .edges
            .iter()
            .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        {
            let (Some(top), target) = (from.first(), to.first()) else {
                continue;
            };
            let is_test = from.iter().any(|name| name.ends_with("tests"));
            if is_test || target == Some(top) {
                continue;
            }
            let listed = may_know.iter().find(|(name, _)| name == top);
            let allowed = listed.is_some_and(|(_, known)| {
                target.is_some_and(|target| known.contains(&target.as_str()))
            });
            if !allowed {
                found.push(format!(
                    "{} may not know {}",
                    self.name(from),
                    self.name(to)
                ));
            }
        }
        let tops: BTreeSet<&String> = self
            .files
            .keys()
            .filter_map(|module| module.first())
            .collect();
        for top in tops {
            if top != "tests" && !may_know.iter().any(|(name, _)| name == top) {
                found.push(format!("{top} is missing in the table"));
            }
        }
        found
    }

    /// Files whose first line is no `//!` line.
    pub(crate) fn without_headline(&self) -> Vec<String> {
        let lacks = |file: &&File| !file.text.starts_with("//! ");
        let files = self.files.values().filter(lacks);
        files
            .map(|file| format!("{} begins without a `//!` line", file.path.display()))
            .collect()
    }

    /// Places outside of tests that print by a macro which panics where nobody reads.
    pub(crate) fn with_prints(&self) -> Vec<String> {
        const MACROS: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
        let mut found = Vec::new();
        for (module, file) in &self.files {
            if module.iter().any(|name| name.ends_with("tests")) {
                continue;
            }
            let lines = file.code.lines().take_while(|line| *line != "#[cfg(test)]");
            for (at, line) in lines.enumerate() {
                if MACROS.iter().any(|name| line.contains(name)) {
                    let path = file.path.display();
                    found.push(format!("{path}:{}: prints, and may panic", at + 1));
                }
            }
        }
        found
    }

    /// Places where `unsafe` is used without a `SAFETY:` comment directly above, or a function is `unsafe` without a
    /// section `# Safety` in its documentation.
    pub(crate) fn without_safety(&self) -> Vec<String> {
        let mut found = Vec::new();
        for file in self.files.values() {
            let code: Vec<&str> = file.code.lines().collect();
            let text: Vec<&str> = file.text.lines().collect();
            for (line, words) in code.iter().enumerate() {
                let tokens = tokens(words);
                let is_used = tokens.iter().any(|token| token == "unsafe");
                let is_attribute = words.trim_start().starts_with("#[");
                if is_used && !is_attribute && !is_explained(&code, &text, line) {
                    found.push(format!(
                        "{}:{}: unsafe without SAFETY",
                        file.path.display(),
                        line + 1
                    ));
                }
            }
        }
        found
    }

    fn name(&self, module: &Module) -> String {
        let file = self.files.get(module);
        file.map_or_else(|| module.join("::"), |file| file.path.display().to_string())
    }

    fn edges(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let mut edges: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (module, file) in self.files.iter().filter(|(module, _)| !module.is_empty()) {
            for path in &file.paths {
                let target = self.resolve(path, 0);
                let is_parent = |a: &Module, b: &Module| b.len() == a.len() + 1 && b.starts_with(a);
                let is_exempt = is_parent(module, &target)
                    || (is_parent(&target, module) && !target.is_empty());
                if target != *module && !is_exempt {
                    edges.entry(module.clone()).or_default().insert(target);
                }
            }
        }
        edges
    }

    /// The file that declares what a path names.
    fn resolve(&self, path: &[String], depth: usize) -> Module {
        let module = (0..=path.len())
            .rev()
            .map(|len| &path[..len])
            .find(|prefix| self.files.contains_key(*prefix))
            .unwrap_or_default();
        let (Some(file), Some(name)) = (self.files.get(module), path.get(module.len())) else {
            return module.to_vec();
        };
        if depth > 8 || file.declared.contains(name) {
            return module.to_vec();
        }
        let named = file.imported.iter().find(|(import, _)| import == name);
        let globs = file.imported.iter().filter(|(import, _)| import == "*");
        let through_glob = || {
            globs
                .map(|(_, target)| [target, &path[module.len()..]].concat())
                .find(|path| {
                    let found = self.resolve(path, depth + 1);
                    self.files
                        .get(&found)
                        .is_some_and(|file| file.declared.contains(name))
                })
        };
        let onward = named
            .map(|(_, target)| [target, &path[module.len() + 1..]].concat())
            .or_else(through_glob);
        match onward {
            Some(path) => self.resolve(&path, depth + 1),
            None => module.to_vec(),
        }
    }

    /// All files that a file's imports lead to.
    fn reachable(&self, from: &Module) -> BTreeSet<Module> {
        let mut found = BTreeSet::new();
        let mut rest = vec![from];
        while let Some(module) = rest.pop() {
            for target in self.edges.get(module).into_iter().flatten() {
                if found.insert(target.clone()) {
                    rest.push(target);
                }
            }
        }
        found
    }
}

/// `a/b.rs` and `a/b/mod.rs` are the module `a::b`.
fn module_of(path: &Path) -> Module {
    let stem = path.with_extension("");
    let parts = stem.iter().map(|part| part.to_string_lossy().into_owned());
    let mut module: Module = parts.collect();
    let is_folders = module.last().is_some_and(|last| last == "mod");
    if is_folders || module == ["lib"] {
        module.pop();
    }
    module
}

impl File {
    fn new(path: PathBuf, text: String) -> Self {
        Self {
            path,
            code: without_comments(&text),
            text,
            declared: BTreeSet::new(),
            imported: Vec::new(),
            paths: Vec::new(),
        }
    }

    fn parse(&mut self, module: &Module, modules: &BTreeSet<Module>) {
        let tokens = without_test_modules(&tokens(&self.code));
        let mut at = 0;
        // Brace depths at which modules inside this file were opened.
        let (mut depth, mut inner) = (0, Vec::new());
        while at < tokens.len() {
            let next = |n: usize| tokens.get(at + n).map_or("", String::as_str);
            match tokens[at].as_str() {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inner.retain(|&opened| opened <= depth);
                }
                "mod" if next(2) == "{" => inner.push(depth + 1),
                "use" => {
                    let end = tokens[at..].iter().position(|token| token == ";");
                    let end = at + end.unwrap_or(tokens.len() - at);
                    for (path, name) in use_paths(&tokens[at + 1..end]) {
                        if let Some(path) = self.absolute(module, &path, inner.len(), modules) {
                            self.paths.push(path.clone());
                            self.imported.push((name, path));
                        }
                    }
                    at = end;
                }
                // `pub(in crate::a)` says who sees an item and imports nothing.
                "in" if at > 0 && tokens[at - 1] == "(" => {
                    at += tokens[at..]
                        .iter()
                        .position(|token| token == ")")
                        .unwrap_or(0);
                }
                "crate" | "super" | "self" if next(1) == "::" => {
                    let mut path = vec![tokens[at].clone()];
                    let parts = tokens[at + 1..].chunks(2);
                    path.extend(
                        parts
                            .take_while(|pair| {
                                pair[0] == "::" && pair.len() == 2 && is_name(&pair[1])
                            })
                            .map(|pair| pair[1].clone()),
                    );
                    at += 2 * (path.len() - 1);
                    if let Some(path) = self.absolute(module, &path, inner.len(), modules) {
                        self.paths.push(path);
                    }
                }
                "fn" | "struct" | "enum" | "trait" | "const" | "static" | "type" | "union"
                    if is_name(next(1)) =>
                {
                    self.declared.insert(next(1).to_owned());
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// The path from the crate root; `None` for other crates' items. `inner` is the number of modules within the file
    /// around the path.
    fn absolute(
        &self,
        module: &Module,
        path: &[String],
        inner: usize,
        modules: &BTreeSet<Module>,
    ) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let n_up = path.iter().take_while(|part| *part == "super").count();
                let base = &module[..module.len().checked_sub(n_up.saturating_sub(inner))?];
                Some([base, &path[n_up..]].concat())
            }
            name => {
                let child = [module.as_slice(), std::slice::from_ref(first)].concat();
                if modules.contains(&child) {
                    return Some([module, path].concat());
                }
                let known = self.imported.iter().find(|(import, _)| import == name)?;
                Some([&known.1, rest].concat())
            }
        }
    }
}

/// Every path of a `use` tree with the name it brings in.
fn use_paths(tree: &[String]) -> Vec<(Module, String)> {
    let mut found = Vec::new();
    let mut prefixes: Vec<Module> = vec![Vec::new()];
    let mut path: Module = Vec::new();
    let mut name = None;
    let mut at = 0;
    let mut end_of_path = |path: &mut Module, name: &mut Option<String>| {
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        if let Some(last) = path.last().cloned() {
            let is_glob = last == "*";
            if is_glob {
                path.pop();
            }
            found.push((path.clone(), name.take().unwrap_or(last)));
        }
        path.clear();
    };
    while at < tree.len() {
        match tree[at].as_str() {
            "{" => {
                prefixes.push(std::mem::take(&mut path));
                path = prefixes[prefixes.len() - 1].clone();
            }
            "," | "}" => {
                let prefix_len = prefixes[prefixes.len() - 1].len();
                if path.len() > prefix_len {
                    end_of_path(&mut path, &mut name);
                }
                if tree[at] == "}" {
                    prefixes.pop();
                    // What was inside the braces has been found; nothing follows them within this path.
                    path = prefixes.last().cloned().unwrap_or_default();
                } else {
                    path = prefixes[prefixes.len() - 1].clone();
                }
            }
            "as" => {
                name = tree.get(at + 1).cloned();
                at += 1;
            }
            "::" => {}
            part => path.push(part.to_owned()),
        }
        at += 1;
    }
    if prefixes.len() == 1 && !path.is_empty() {
        end_of_path(&mut path, &mut name);
    }
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::` and single marks.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("::") {
            2
        } else {
            let in_name = |c: char| c.is_alphanumeric() || c == '_';
            let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
            end.max(first.len_utf8())
        };
        tokens.push(rest[..len].to_owned());
        rest = rest[len..].trim_start();
    }
    tokens
}

/// The tokens without `#[cfg(test)] mod name { .. }`.
fn without_test_modules(tokens: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut at = 0;
    let is = |at: usize, token: &str| tokens.get(at).is_some_and(|found| found == token);
    while at < tokens.len() {
        // The attributes before an item, and whether one of them is a `cfg` of tests.
        let (start, mut is_test) = (at, false);
        while is(at, "#") && is(at + 1, "[") {
            let end = matching(tokens, at + 1, "[", "]");
            let attribute = &tokens[at..end];
            is_test |= attribute.iter().any(|token| token == "cfg")
                && attribute.iter().any(|token| token == "test")
                && !attribute.iter().any(|token| token == "not");
            at = end;
        }
        if is_test && is(at, "mod") && is(at + 2, "{") {
            at = matching(tokens, at + 2, "{", "}");
            continue;
        }
        let end = at.max(start + 1);
        kept.extend_from_slice(&tokens[start..end.min(tokens.len())]);
        at = end;
    }
    kept
}

/// The place after the mark that closes the one at `at`.
fn matching(tokens: &[String], at: usize, open: &str, close: &str) -> usize {
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        if token == open {
            depth += 1;
        } else if token == close {
            depth -= 1;
            if depth == 0 {
                return place + 1;
            }
        }
    }
    tokens.len()
}

/// The text with comments, strings and characters blanked out; lines stay where they are.
fn without_comments(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_blank(&chars, at);
        if end > at {
            out.extend(
                chars[at..end]
                    .iter()
                    .map(|&c| if c == '\n' { '\n' } else { ' ' }),
            );
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself where none begins.
fn end_of_blank(chars: &[char], at: usize) -> usize {
    let starts = |at: usize, mark: &str| {
        mark.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    let find = |from: usize, mark: &str| {
        (from..chars.len())
            .find(|&i| starts(i, mark))
            .map_or(chars.len(), |i| i + mark.len())
    };
    let in_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if starts(at, "//") {
        return find(at, "\n").saturating_sub(1).max(at);
    }
    if starts(at, "/*") {
        let (mut depth, mut i) = (0, at);
        while i < chars.len() {
            if starts(i, "/*") {
                depth += 1;
                i += 2;
            } else if starts(i, "*/") {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    break;
                }
            } else {
                i += 1;
            }
        }
        return i;
    }
    let is_byte = at > 0 && chars[at - 1] == 'b';
    if chars[at] == 'r' && (!in_name || is_byte) {
        let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
        if starts(at + 1 + hashes, "\"") {
            return find(at + 2 + hashes, &format!("\"{}", "#".repeat(hashes)));
        }
    }
    if chars[at] == '"' {
        let mut i = at + 1;
        while i < chars.len() && chars[i] != '"' {
            i += if chars[i] == '\\' { 2 } else { 1 };
        }
        return (i + 1).min(chars.len());
    }
    // A character, and not a lifetime.
    if chars[at] == '\'' && starts(at + 1, "\\") {
        return find(at + 3, "'");
    }
    if chars[at] == '\'' && starts(at + 2, "'") {
        return at + 3;
    }
    at
}

/// Whether the comment above a line that holds `unsafe` says why it is sound. Attributes and the earlier lines of the
/// same statement may stand between.
fn is_explained(code: &[&str], text: &[&str], line: usize) -> bool {
    let is_comment = |line: usize| text[line].trim_start().starts_with("//");
    let mut above = line;
    while above > 0 && !is_comment(above - 1) {
        let before = code[above - 1].trim();
        let ends = before.is_empty() || before.ends_with([';', '{', '}', ',']);
        if ends && !before.starts_with("#[") {
            return false;
        }
        above -= 1;
    }
    (0..above)
        .rev()
        .take_while(|&line| is_comment(line))
        .any(|line| text[line].contains("SAFETY:") || text[line].contains("# Safety"))
}
