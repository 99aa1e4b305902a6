//! The memory of this process, and the memory that the system has left for it.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// The most memory this process held so far, in bytes; `None` where the system does not tell.
pub(crate) fn peak_bytes() -> Option<u64> {
    kibibytes("/proc/self/status", "VmHWM:")
}

/// The most memory this process can come to hold: what it has and what is available, of the machine
/// and of its control group.
pub(crate) fn attainable_bytes() -> Option<u64> {
    let held = kibibytes("/proc/self/status", "VmRSS:")?;
    let machine = kibibytes("/proc/meminfo", "MemAvailable:")?;
    let available = match control_group_bytes() {
        Some(group) => machine.min(group),
        None => machine,
    };
    Some(held.saturating_add(available))
}

/// The number of a line such as `MemAvailable: 123 kB`, in bytes.
fn kibibytes(path: &str, label: &str) -> Option<u64> {
    let text = read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// What the tightest limit of a control group around this process leaves.
fn control_group_bytes() -> Option<u64> {
    let groups = read_to_string("/proc/self/cgroup").ok()?;
    let left = groups.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let path = path.trim_start_matches('/');
        match controllers {
            "" => tightest(
                Path::new("/sys/fs/cgroup"),
                path,
                ["memory.max", "memory.current"],
            ),
            _ if controllers.split(',').any(|name| name == "memory") => tightest(
                Path::new("/sys/fs/cgroup/memory"),
                path,
                ["memory.limit_in_bytes", "memory.usage_in_bytes"],
            ),
            _ => None,
        }
    });
    left.min()
}

/// The least that is left in a group and those around it. In a container the path may not be there,
/// and the root is the group itself.
fn tightest(root: &Path, path: &str, files: [&str; 2]) -> Option<u64> {
    let group: PathBuf = root.join(path);
    let around = group
        .ancestors()
        .take_while(|group| group.starts_with(root));
    let left = around.filter_map(|group| {
        let number = |file: &str| -> Option<u64> {
            read_to_string(group.join(file)).ok()?.trim().parse().ok()
        };
        let [limit, used] = files.map(number);
        // Of what is in use, the files that were read can go.
        let cached = cached_bytes(group).unwrap_or(0);
        Some(limit?.saturating_sub(used?.saturating_sub(cached)))
    });
    left.min()
}

fn cached_bytes(group: &Path) -> Option<u64> {
    let text = read_to_string(group.join("memory.stat")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("inactive_file "))?;
    line.trim().parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{create_dir_all, write};

    use super::*;

    #[test]
    fn the_tightest_group_counts_and_cached_files_are_free() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        create_dir_all(&inner).unwrap();
        let files = ["memory.max", "memory.current"];
        let group = |folder: &Path, max: &str, current: &str, stat: &str| {
            write(folder.join("memory.max"), max).unwrap();
            write(folder.join("memory.current"), current).unwrap();
            write(folder.join("memory.stat"), stat).unwrap();
        };
        group(&inner, "max\n", "10\n", "inactive_file 5\n");
        assert_eq!(tightest(root.path(), "a/b", files), None);
        group(
            &root.path().join("a"),
            "1000\n",
            "700\n",
            "anon 1\ninactive_file 300\n",
        );
        assert_eq!(tightest(root.path(), "a/b", files), Some(600));
        group(root.path(), "500\n", "100\n", "");
        assert_eq!(tightest(root.path(), "a/b", files), Some(400));
        assert_eq!(tightest(root.path(), "not/there", files), Some(400));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_a_peak_below_what_it_can_have() {
        assert!(peak_bytes().unwrap() > 0);
        assert!(attainable_bytes().unwrap() > 1 << 20);
    }
}
