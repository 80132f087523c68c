//! Bringing a backup back: whole, held against the mark, and gone on with from what was published.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use custody_core::hash::Hash;
use custody_core::merkle::TreeHead;
use custody_log::high_water::HighWater;
use custody_log::{
    FollowError, Followed, LedgerError, LedgerOptions, Progress, RecoveryError, Standing, follow,
    give_mark,
};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{About, Backup, OTHER_BACKUP, Sums, copy, remove_dir};
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::terminal::{bytes_bar, count_bar, is_about, talk};

/// What is to be restored, and how.
pub struct Wish<'a> {
    /// The backup.
    pub backup: &'a Backup,
    /// Where the ledger is to lie. Nothing lies there.
    pub to: &'a Path,
    /// A published directory to go on with.
    pub tiles: Option<&'a Path>,
    /// The mark, or the newest checkpoint that anybody has.
    pub high_water: Option<&'a Path>,
    /// A copy to look at, in which nobody records.
    pub look_only: bool,
}

/// A ledger that was restored.
pub struct Restored {
    /// What the backup says of itself.
    pub about: About,
    /// Where the ledger stands.
    pub head: TreeHead,
    /// What came from the published directory.
    pub followed: Option<Followed>,
    /// Where its mark stands, and where that lies.
    pub mark: (TreeHead, PathBuf),
}

/// A checkpoint that was acknowledged.
struct Mark {
    path: PathBuf,
    note: Vec<u8>,
    head: TreeHead,
}

/// Restores a backup. Nothing lies at `to` unless all went well.
///
/// # Errors
/// The backup is damaged, behind the mark or of another history; a file cannot be read or written.
pub fn restore(wish: &Wish<'_>) -> Result<Restored, Failure> {
    file::check_absent(wish.to)?;
    // 1. Every file is as it was written, before anything else is.
    let total = wish.backup.bytes()?;
    let bar = bytes_bar("checking the backup", total);
    let done = AtomicU64::new(0);
    let sums =
        wish.backup.verify(&|bytes| bar.set(done.fetch_add(bytes, Ordering::Relaxed) + bytes))?;
    drop(bar);
    let about = wish.backup.about()?;
    // 2. The mark stands where the backup does, or what is missing is to come.
    let standing = Standing::open(&wish.backup.path.join("store")).map_err(Failure::from)?;
    // A backup that an older program made of a damaged store is as it was written.
    standing.read_all().map_err(|error| Failure::from(error).hint(super::OTHER_BACKUP))?;
    is_about(standing.origin());
    let (marks, is_there) = find_marks(&about, &standing, wish)?;
    if wish.tiles.is_none() && !wish.look_only {
        check_marks(&standing, &marks, wish)?;
    }
    drop(standing);
    // 3. Under another name until it is whole.
    let partial = partial_of(wish.to)?;
    remove_dir(&partial)?;
    let made = bring(wish, &sums, &partial, (&marks, is_there.then_some(&about).and_then(place)));
    let (head, followed) = made.inspect_err(|_| drop(fs::remove_dir_all(&partial)))?;
    fs::rename(&partial, wish.to).map_err(file::cannot("write", wish.to))?;
    file::flush_name(wish.to)?;
    let path = LedgerOptions::new(wish.to).mark_path()?;
    let mark = match newest(&marks) {
        Some(mark) if !wish.look_only => mark.head,
        _ => head,
    };
    Ok(Restored { about, head, followed, mark: (mark, path) })
}

/// Where the backed-up ledger's mark lies, if not in its directory.
fn place(about: &About) -> Option<&PathBuf> {
    about.high_water.as_ref()
}

fn partial_of(to: &Path) -> Result<PathBuf, Failure> {
    let name = to.file_name().ok_or_else(|| {
        Failure::could_not("usage", format!("`{}` is not a directory's name", to.display()))
    })?;
    Ok(to.with_file_name(format!(".{}.restoring", name.to_string_lossy())))
}

/// The marks there are: where the ledger's own lies, and the one that was named. Whether the former is there.
fn find_marks(
    about: &About,
    standing: &Standing,
    wish: &Wish<'_>,
) -> Result<(Vec<Mark>, bool), Failure> {
    let own = place(about).map(|path| read_mark(path, standing));
    let own = match own {
        // What is named instead may be all that there is.
        Some(Err(failure)) if wish.high_water.is_some() || wish.look_only => {
            talk(&format!("note: {}", failure.message()));
            None
        }
        own => own.transpose()?,
    };
    let is_there = own.is_some();
    let named = wish.high_water.map(|path| read_mark(path, standing)).transpose()?;
    let marks: Vec<_> = own.into_iter().chain(named).collect();
    if marks.is_empty() && !wish.look_only {
        let message = "nothing tells how far the ledger was acknowledged";
        return Err(Failure::could_not("restore/no-mark", message).hint(
            "`--high-water FILE` names the mark, `high-water` in the directory of the ledger that was; \
             else the newest checkpoint that anybody has",
        ));
    }
    Ok((marks, is_there))
}

fn read_mark(path: &Path, standing: &Standing) -> Result<Mark, Failure> {
    let note = file::read(path, HighWater::BYTES_MAX)?;
    let checkpoint = standing.signed(&note).map_err(|error| {
        Failure::from(error)
            .about(format!("`{}`", path.display()))
            .hint("a mark is a checkpoint of this ledger, signed by its log")
    })?;
    Ok(Mark { path: path.to_owned(), note, head: *checkpoint.tree_head() })
}

fn newest(marks: &[Mark]) -> Option<&Mark> {
    marks.iter().max_by_key(|mark| mark.head.size)
}

/// Holds a store against every mark, as opening the ledger will.
fn check_marks(standing: &Standing, marks: &[Mark], wish: &Wish<'_>) -> Result<(), Failure> {
    for mark in marks {
        let Err(error) = standing.check_mark(&mark.note) else { continue };
        return Err(match &error {
            LedgerError::Recovery(cause) if matches!(**cause, RecoveryError::MarkAhead { .. }) => {
                behind(standing.head(), mark, wish)
            }
            _ => Failure::from(error).about(format!("`{}`", mark.path.display())),
        });
    }
    Ok(())
}

fn behind(store: TreeHead, mark: &Mark, wish: &Wish<'_>) -> Failure {
    let (lo, hi) = (store.size.0, mark.head.size.0.saturating_sub(1));
    let message = format!(
        "the mark `{}` stands at {} entries, what can be restored at {}: entries {lo} to {hi} are missing, \
         and were acknowledged",
        mark.path.display(),
        mark.head.size,
        store.size,
    );
    let hint = match wish.tiles {
        None => {
            "`--tiles DIR` brings them from a published directory; `--look-only` restores a copy to look at; \
             docs/OPERATING.md tells what else there is"
        }
        Some(_) => {
            "look for a newer published directory: a mirror, an auditor's copy. `--look-only` restores a copy \
             to look at; docs/OPERATING.md tells what else there is"
        }
    };
    Failure::rejected("restore/behind", message).hint(hint)
}

/// Makes the ledger in `partial`.
fn bring(
    wish: &Wish<'_>,
    sums: &Sums,
    partial: &Path,
    (marks, place): (&[Mark], Option<&PathBuf>),
) -> Result<(TreeHead, Option<Followed>), Failure> {
    let dirs = copy_files(wish, sums, partial)?;
    let options = LedgerOptions::new(partial);
    let followed = wish.tiles.map(|tiles| go_on(&options, tiles)).transpose()?;
    let standing = Standing::open(&partial.join("store")).map_err(Failure::from)?;
    if wish.look_only {
        let text = format!(
            "restored from {} to be looked at; nothing is recorded here\n",
            wish.backup.name
        );
        file::create(&options.look_only_path(), text.as_bytes(), Access::Shared)?;
        give_mark(partial, None, standing.checkpoint())?;
    } else {
        check_marks(&standing, marks, wish)?;
        // There is one, or nobody would have come here.
        let note = newest(marks).map_or(standing.checkpoint(), |mark| &mark.note);
        give_mark(partial, place, note)?;
    }
    copy::flush_dirs(&dirs)?;
    Ok((standing.head(), followed))
}

fn copy_files(wish: &Wish<'_>, sums: &Sums, partial: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_ours = |name: &str| {
        let is_key = name.starts_with("keys/") && !wish.look_only;
        name.starts_with("store/") || name.starts_with("vault/") || is_key
    };
    let wanted: Vec<_> = sums.iter().filter(|(name, _)| is_ours(name)).collect();
    let dirs = copy::make_dirs(partial, wanted.iter().map(|(name, _)| name.as_str()))?;
    let bar = bytes_bar("restoring", wish.backup.bytes()?);
    let done = AtomicU64::new(0);
    let progress = |bytes: u64| bar.set(done.fetch_add(bytes, Ordering::Relaxed) + bytes);
    let one = |(name, digest): &(&String, &Hash)| {
        let copied = copy::copy(&wish.backup.path.join(name), &partial.join(name), &progress)?;
        match copied {
            Some(copied) if copied == **digest => Ok(()),
            // It was sound a moment ago: the disk cannot make up its mind.
            _ => {
                let message = format!("backup `{}`: `{name}` is not as it was", wish.backup.name);
                Err(Failure::rejected("backup/damaged", message).hint(OTHER_BACKUP))
            }
        }
    };
    copy::with_many_hands(|| wanted.par_iter().try_for_each(one))?;
    Ok(dirs)
}

fn go_on(options: &LedgerOptions, tiles: &Path) -> Result<Followed, Failure> {
    let bar = count_bar("going on with what was published", 0);
    let progress = |progress: Progress| {
        bar.set_total(progress.total);
        bar.set(progress.done);
    };
    follow(options, tiles, &progress)
        .map_err(|error: FollowError| Failure::from(error).about(format!("`{}`", tiles.display())))
}
