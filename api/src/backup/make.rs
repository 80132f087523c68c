//! Making a backup, while the ledger is served or not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use custody_core::hash::Hash;
use custody_core::merkle::TreeHead;
use custody_core::verify::utc_text;
use custody_log::high_water::{LocalDisk, locate};
use custody_log::{LedgerError, Standing};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::copy::{self, Found};
use super::pin::Snapshot;
use super::{ABOUT, About, Backup, FORMAT, PARTIAL, SUMS, Sums, remove_dir};
use crate::desk::{check_ledger, now_s};
use crate::failure::Failure;
use crate::file;
use crate::terminal::{Bar, bytes_bar, is_about, talk};

/// The file by which a database knows itself.
const DATABASE: &str = "store/IDENTITY";

/// What is to be backed up, and where to.
pub struct Order<'a> {
    /// The ledger's directory.
    pub ledger: &'a Path,
    /// The directory of backups.
    pub to: &'a Path,
    /// Whether the log's keys come along.
    pub with_keys: bool,
    /// How many backups stay; all of them without it.
    pub keep: Option<usize>,
}

/// A backup that was made and looked at.
pub struct Made {
    /// It.
    pub backup: Backup,
    /// What it says of itself.
    pub about: About,
    /// Whether the ledger was served meanwhile.
    pub is_online: bool,
    /// Bytes that were copied.
    pub copied: u64,
    /// Bytes that the backup before had already.
    pub linked: u64,
    /// Names of backups that were removed.
    pub removed: Vec<String>,
}

/// Makes a backup.
///
/// # Errors
/// The ledger cannot be read, the backup not written; or what was written is not sound, or not of the ledger that the
/// other backups are of. Backups that were there are as they were.
pub fn make(order: &Order<'_>) -> Result<Made, Failure> {
    check_ledger(order.ledger)?;
    fs::create_dir_all(order.to).map_err(file::cannot("make", order.to))?;
    let snapshot = Snapshot::take(order.ledger)?;
    // Only who has the snapshot writes here: what is not whole was left by somebody who is gone.
    remove_partial(order.to)?;
    let before = Backup::list(order.to)?.pop();
    let partial = order.to.join(format!("{PARTIAL}{}", std::process::id()));
    let written = write(order, &snapshot, before.as_ref(), &partial);
    let is_online = snapshot.is_online;
    drop(snapshot);
    let (about, copied, linked) = written.inspect_err(|_| drop(fs::remove_dir_all(&partial)))?;
    let backup = put_in_place(order.to, &partial, &about)?;
    let removed = prune(order)?;
    Ok(Made { backup, about, is_online, copied, linked, removed })
}

fn write(
    order: &Order<'_>,
    snapshot: &Snapshot,
    before: Option<&Backup>,
    partial: &Path,
) -> Result<(About, u64, u64), Failure> {
    let bar = bytes_bar("backing up", 0);
    let mut hand = Hand::new(before, partial, &bar)?;
    // 1. The store, as it stands still in the snapshot.
    hand.take(&snapshot.path, "store", &|_| true)?;
    // 2. The vault after it: what the snapshot's records sealed was durable before they were. What is pending comes
    //    first, since it moves to its place and not back.
    let vault = order.ledger.join("vault");
    if vault.exists() {
        hand.take(&vault, "vault", &|name| name.starts_with("pending/"))?;
        hand.take(&vault, "vault", &|name| {
            !name.starts_with("pending/") && !name.ends_with(".new")
        })?;
    }
    if order.with_keys {
        hand.take(&order.ledger.join("keys"), "keys", &|_| true)?;
    }
    // 3. It is opened and hashed as a ledger would be, every row of it is read, and it goes on from the backup before.
    let standing = look(&partial.join("store"))?;
    is_about(standing.origin());
    check_goes_on(&standing, before)?;
    hand.check_unchanged()?;
    // 4. What it is, and every digest; then which files there are is durable.
    let about = describe(order, &standing)?;
    hand.write("checkpoint", standing.checkpoint())?;
    let text = serde_json::to_string_pretty(&about)
        .map_err(|error| Failure::could_not("internal", error.to_string()))?;
    hand.write(ABOUT, format!("{text}\n").as_bytes())?;
    hand.finish()?;
    Ok((about, hand.copied.into_inner(), hand.linked.into_inner()))
}

/// What was written is read back.
fn look(store: &Path) -> Result<Standing, Failure> {
    let unsound = |error: LedgerError| {
        Failure::from(error)
            .about("the backup that was just written is not sound")
            .hint("it was removed, and those before it stay; `custody check` tells whether it is the ledger")
    };
    let standing = Standing::open(store).map_err(unsound)?;
    standing.read_all().map_err(unsound)?;
    Ok(standing)
}

fn check_goes_on(standing: &Standing, before: Option<&Backup>) -> Result<(), Failure> {
    let Some(before) = before else { return Ok(()) };
    let about = before.about()?;
    if about.genesis != standing.genesis().to_string() {
        let message = format!("`{}` is a backup of {}, another ledger", before.name, about.origin);
        return Err(Failure::rejected("backup/other-ledger", message)
            .hint("a directory of backups is for one ledger"));
    }
    let head = standing.head();
    let goes_on = head.size.0 >= about.size
        && standing.root_at(custody_core::merkle::TreeSize(about.size))?.to_string() == about.root;
    if goes_on {
        return Ok(());
    }
    let message = format!(
        "the ledger stands at {head} and does not go on from backup `{}`, size {} root {}",
        before.name, about.size, about.root
    );
    Err(Failure::rejected("backup/diverged", message).hint(
        "keep both: they are evidence. Do not record; see docs/OPERATING.md, backup and restore",
    ))
}

fn describe(order: &Order<'_>, standing: &Standing) -> Result<About, Failure> {
    let place = locate(order.ledger, &LocalDisk::default())?;
    let head = standing.head();
    Ok(About {
        format: FORMAT,
        made: utc_text(now_s()),
        origin: standing.origin().to_string(),
        genesis: standing.genesis().to_string(),
        size: head.size.0,
        root: head.root.to_string(),
        high_water: Some(place).filter(|place| place.parent() != Some(order.ledger)),
        keys: order.with_keys,
    })
}

/// The whole backup takes its name.
fn put_in_place(to: &Path, partial: &Path, about: &About) -> Result<Backup, Failure> {
    let root = Hash::from_hex(&about.root).unwrap_or_else(custody_core::hash::empty_root);
    let head = TreeHead { size: custody_core::merkle::TreeSize(about.size), root };
    let name = Backup::name(&about.made, head);
    let path = to.join(&name);
    match path.exists() {
        // Made in the same second, of the same tree.
        true => remove_dir(partial)?,
        false => {
            fs::rename(partial, &path).map_err(file::cannot("write", &path))?;
            copy::flush_dirs(&[to.to_path_buf()])?;
        }
    }
    let named = Backup::named(to, &name);
    named.ok_or_else(|| Failure::could_not("internal", format!("`{name}` is no backup's name")))
}

fn remove_partial(to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(to).map_err(file::cannot("read", to))? {
        let entry = entry.map_err(file::cannot("read", to))?;
        if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
            remove_dir(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes the oldest backups but for those that stay. The newest always stays.
fn prune(order: &Order<'_>) -> Result<Vec<String>, Failure> {
    let Some(keep) = order.keep else { return Ok(Vec::new()) };
    let backups = Backup::list(order.to)?;
    let outdated = backups.len().saturating_sub(keep.max(1));
    let mut removed = Vec::new();
    for backup in backups.into_iter().take(outdated) {
        // Under another name first: half a backup must not pass for one.
        let going = order.to.join(format!("{PARTIAL}{}", backup.name));
        fs::rename(&backup.path, &going).map_err(file::cannot("remove", &backup.path))?;
        remove_dir(&going)?;
        removed.push(backup.name);
    }
    Ok(removed)
}

/// Nobody else looks in: names and places lie open in it.
fn make_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Takes files into a backup.
struct Hand<'a> {
    partial: &'a Path,
    bar: &'a Bar,
    total: u64,
    done: AtomicU64,
    before: Option<(&'a Backup, Sums)>,
    sums: Sums,
    dirs: Vec<PathBuf>,
    copied: AtomicU64,
    linked: AtomicU64,
}

impl<'a> Hand<'a> {
    fn new(before: Option<&'a Backup>, partial: &'a Path, bar: &'a Bar) -> Result<Self, Failure> {
        make_private(partial).map_err(file::cannot("make", partial))?;
        // A list that cannot be read any more only costs the room that links would save.
        let known = |backup: &'a Backup| match backup.sums() {
            Ok(sums) => Some((backup, sums)),
            Err(failure) => {
                talk(&format!("note: {}", failure.message()));
                None
            }
        };
        let before = before.and_then(known);
        let (done, copied, linked) = Default::default();
        let (sums, dirs) = (Sums::new(), Vec::new());
        Ok(Self { partial, bar, total: 0, done, before, sums, dirs, copied, linked })
    }

    /// Takes the files below `from` whose names `wanted` says, as `<prefix>/<name>`.
    fn take(
        &mut self,
        from: &Path,
        prefix: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let files: Vec<_> =
            copy::walk(from)?.into_iter().filter(|found| wanted(&found.name)).collect();
        self.total += files.iter().map(|found| found.len).sum::<u64>();
        self.bar.set_total(self.total);
        let names: Vec<_> = files.iter().map(|found| format!("{prefix}/{}", found.name)).collect();
        let dirs = copy::make_dirs(self.partial, names.iter().map(String::as_str))?;
        self.dirs.extend(dirs);
        let pairs: Vec<_> = files.iter().zip(&names).collect();
        let one = |(found, name): &(&Found, &String)| {
            let digest = self.one(&from.join(&found.name), found, name)?;
            Ok::<_, Failure>(digest.map(|digest| ((*name).clone(), digest)))
        };
        let taken: Vec<_> =
            copy::with_many_hands(|| pairs.par_iter().map(one).collect::<Result<_, Failure>>())?;
        self.sums.extend(taken.into_iter().flatten());
        Ok(())
    }

    fn one(&self, source: &Path, found: &Found, name: &str) -> Result<Option<Hash>, Failure> {
        let progress = |bytes: u64| {
            self.bar.set(self.done.fetch_add(bytes, Ordering::Relaxed) + bytes);
        };
        if let Some(digest) = self.link(found, name, &progress) {
            self.linked.fetch_add(found.len, Ordering::Relaxed);
            return Ok(Some(digest));
        }
        let digest = copy::copy(source, &self.partial.join(name), &progress)?;
        self.copied.fetch_add(found.len, Ordering::Relaxed);
        Ok(digest)
    }

    /// Checks that what the store never writes twice is what it was in the backup before: a file of rows has a name of its own for
    /// as long as there is this database.
    ///
    /// # Errors
    /// `backup/source-damaged`.
    fn check_unchanged(&self) -> Result<(), Failure> {
        let Some((before, known)) = &self.before else { return Ok(()) };
        let is_same = |name: &str| known.get(name) == self.sums.get(name);
        if !is_same(DATABASE) {
            return Ok(());
        }
        let mut rows = self.sums.keys().filter(|name| name.ends_with(".sst"));
        match rows.find(|name| known.contains_key(*name) && !is_same(name)) {
            None => Ok(()),
            Some(name) => {
                let message = format!("`{name}` is not what it was in backup `{}`", before.name);
                Err(Failure::rejected("backup/source-damaged", message).hint(
                    "the store never changes such a file: its disk has. Keep all backups, stop recording and run `custody check`",
                ))
            }
        }
    }

    /// Links the file of the backup before, if it is the same and still as it was written. Nobody writes to these
    /// files again, here or there: with length and time they are the same.
    fn link(&self, found: &Found, name: &str, progress: &(dyn Fn(u64) + Sync)) -> Option<Hash> {
        let (before, sums) = self.before.as_ref()?;
        let known = sums.get(name)?;
        let path = before.path.join(name);
        let metadata = path.symlink_metadata().ok()?;
        let is_same = metadata.is_file()
            && metadata.len() == found.len
            && metadata.modified().ok() == found.modified;
        if !is_same || copy::digest(&path, progress).ok()? != *known {
            return None;
        }
        fs::hard_link(&path, self.partial.join(name)).ok()?;
        Some(*known)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        file::create(&self.partial.join(name), bytes, file::Access::Owner)?;
        self.sums.insert(name.to_owned(), custody_core::hash::sha256(bytes));
        Ok(())
    }

    fn finish(&self) -> Result<(), Failure> {
        let lines: String =
            self.sums.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
        file::create(&self.partial.join(SUMS), lines.as_bytes(), file::Access::Owner)?;
        Ok(copy::flush_dirs(&self.dirs)?)
    }
}
