//! Files that outlive a crash. What a file holds and that it has its name become durable apart: the first as it is written, the
//! second with a flush of its directory, once for all names in it. When that is due only the caller knows.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes a file and flushes it. Its bytes are durable then; **its name is not**, until [`flush_dir`]. Where it fails, nothing
/// is left: on a disk that is full, each attempt would take one more name.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        // Without this a crash could leave the name with an empty file.
        file.sync_all()
    });
    // The first error is the one to tell.
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Puts a file into the place of another one, or of none: whoever looks finds the old bytes or the new ones, whole, also after a
/// crash. The new bytes are durable then; **that they have the name is not**, until [`flush_dir`].
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    write(&new, bytes)?;
    fs::rename(&new, path).inspect_err(|_| drop(fs::remove_file(&new)))
}

/// Makes the names in a directory durable: of files, and of directories without what they hold.
pub(crate) fn flush_dir(dir: &Path) -> io::Result<()> {
    let here = dir.as_os_str().is_empty();
    File::open(if here { Path::new(".") } else { dir })?.sync_all()
}

/// Names below a directory that are not durable yet. They are made so together, each directory flushed once.
#[derive(Debug)]
pub(crate) struct Names {
    /// Its own name is somebody else's matter.
    root: PathBuf,
    /// Directories in which a file got its name.
    changed: BTreeSet<PathBuf>,
    /// Directories whose own name is durable: those that the last flush came by, which are mostly those of the next one.
    durable: HashSet<PathBuf>,
}

impl Names {
    pub(crate) fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), changed: BTreeSet::new(), durable: HashSet::new() }
    }

    /// The file `path` got its name. Its directory may be new, and those above it.
    pub(crate) fn add(&mut self, path: &Path) {
        if let Some(dir) = path.parent().filter(|dir| !self.changed.contains(*dir)) {
            self.changed.insert(dir.to_owned());
        }
    }

    /// Makes every name that was added durable, with the names of the directories on the way to it.
    ///
    /// # Errors
    /// The directory, and what the system says. Nothing is forgotten.
    pub(crate) fn flush(&mut self) -> Result<(), (PathBuf, io::Error)> {
        let passed = self.passed();
        // What is deeper comes later in their order, and is flushed first.
        for dir in self.due(&passed).iter().rev() {
            flush_dir(dir).map_err(|source| (dir.clone(), source))?;
        }
        self.changed.clear();
        self.durable = passed;
        Ok(())
    }

    /// The directories on the way to a name that was added, without the root. Who made them does not matter: it may have been
    /// a process that ended before it flushed anything.
    fn passed(&self) -> HashSet<PathBuf> {
        let above = |dir: &PathBuf| -> Vec<PathBuf> {
            let above = dir.ancestors().take_while(|dir| **dir != *self.root);
            above.map(Path::to_owned).collect()
        };
        self.changed.iter().flat_map(above).collect()
    }

    /// What is to be flushed: where a file got its name, and where a directory may have.
    fn due(&self, passed: &HashSet<PathBuf>) -> BTreeSet<PathBuf> {
        let unsure = passed.iter().filter(|dir| !self.durable.contains(*dir));
        let parents = unsure.filter_map(|dir| dir.parent().map(Path::to_owned));
        self.changed.iter().cloned().chain(parents).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A directory of this test's own, without what an earlier process of the same number left there.
    fn fresh(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("custody-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        root
    }

    fn due(names: &Names) -> Vec<String> {
        let due = names.due(&names.passed());
        due.iter().map(|dir| dir.to_str().unwrap().to_owned()).collect()
    }

    /// No test can see that a flush reaches the disk; it can see which directories are due, and which are not again.
    #[test]
    fn every_directory_with_a_new_name_is_flushed_once() {
        let root = fresh("names");
        let below = |dir: &str| root.join(dir).to_str().unwrap().to_owned();
        let root_name = root.to_str().unwrap().to_owned();
        let mut names = Names::below(&root);
        assert_eq!(due(&names), [""; 0]);
        for dir in ["copy/tile/0", "copy/tile/entries/001.p"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        // The first time nothing is known of who made the directories.
        names.add(&root.join("copy/tile/0/000"));
        names.add(&root.join("copy/tile/0/001"));
        names.add(&root.join("copy/tile/entries/001.p/44"));
        let all =
            ["copy", "copy/tile", "copy/tile/0", "copy/tile/entries", "copy/tile/entries/001.p"];
        let all: Vec<_> = std::iter::once(root_name).chain(all.map(&below)).collect();
        assert_eq!(due(&names), all);
        names.flush().unwrap();
        assert_eq!(due(&names), [""; 0]);
        // Then only where names are new.
        names.add(&root.join("copy/tile/entries/001.p/45"));
        assert_eq!(due(&names), [below("copy/tile/entries/001.p")]);
        names.add(&root.join("copy/tile/entries/002.p/1"));
        let new = ["copy/tile/entries", "copy/tile/entries/001.p", "copy/tile/entries/002.p"];
        assert_eq!(due(&names), new.map(&below));
        // What could not be flushed is due again.
        let (path, _) = names.flush().unwrap_err();
        assert_eq!(path, root.join("copy/tile/entries/002.p"));
        assert_eq!(due(&names), new.map(&below));
        fs::create_dir(path).unwrap();
        names.flush().unwrap();
        assert_eq!(due(&names), [""; 0]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_file_is_there_whole_or_as_it_was() {
        let root = fresh("file");
        fs::create_dir_all(root.join("taken")).unwrap();
        replace(&root.join("file"), b"old").unwrap();
        replace(&root.join("file"), b"new").unwrap();
        assert_eq!(fs::read(root.join("file")).unwrap(), b"new");
        // A directory has the name: nothing is left beside it.
        assert!(replace(&root.join("taken"), b"new").is_err());
        assert_eq!(fs::read_dir(&root).unwrap().count(), 2);
        fs::remove_dir_all(root).unwrap();
    }
}
