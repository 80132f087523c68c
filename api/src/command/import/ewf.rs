use std::fs::File;
use std::path::PathBuf;

use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{
    Collect, Derive, DeriveMethod, DigestScope, EvidenceDigest, ItemKind,
};
use serde_json::{Value, json};

use crate::act::{Act, random_id};
use crate::command::measured;
use crate::command::option::{Signing, check_count, plain_text, sealed_text, signing_help};
use crate::command::party;
use crate::evidence::Measured;
use crate::ewf::{Image, MAX_SEGMENTS};
use crate::failure::{Ending, Failure};
use crate::file::cannot;
use crate::session::merge;
use crate::terminal::{Answer, bytes_bar};

pub const HELP: &str = concat!(
    "\
usage: custody import ewf FILE [--segment FILE]... [options]

Take an image in the Expert Witness Format (.E01) into custody, with what its header says of the
acquisition. Every file is hashed as it lies on the disk, and the media inside is decompressed and hashed
too; the MD5 and SHA-1 that the image states of its media are compared. What the header says is somebody's
word: it is kept, sealed, as such. Exit status 1 if a stated digest does not match; recorded all the same.

  --segment FILE              the second file of the image, and so on in order; may be repeated
  --dry-run                   show what the image says; record nothing
  --parent ITEM               the item that it is an image of, which you hold: it is made out of that one
  --tool NAME                 with --parent: what made it; an image does not say
  --tool-version V            with --parent: in which version; as the header says if left out
  --description TEXT          what it is (sealed); as the header says if left out
  --reference TEXT            case or exhibit number (sealed); as the header says if left out
  --place TEXT                where it was taken (sealed)
  --open-digests              do not seal the digests
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
    signing_help!(),
    "
example:
  $ custody import ewf disk.E01 --parent item:0f3c --tool 'FTK Imager' --key lab.key
"
);

/// What stands for the name or version of a tool that the image does not state.
const NOT_STATED: &str = "not stated";

#[derive(Debug, clap::Args)]
pub struct Args {
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    segment: Vec<PathBuf>,
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    parent: Option<String>,
    #[arg(long, requires = "parent", value_parser = tool_text)]
    tool: Option<String>,
    #[arg(long, requires = "parent", value_parser = tool_text)]
    tool_version: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    description: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    reference: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    place: Option<String>,
    #[arg(long)]
    open_digests: bool,
    #[arg(long)]
    witness: Vec<String>,
}

/// An image with what was found of its files.
struct Found {
    image: Image,
    files: Vec<Measured>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let paths = [std::slice::from_ref(&args.file), &args.segment].concat();
    check_count("--segment", args.segment.len(), MAX_SEGMENTS - 1)?;
    if args.dry_run {
        let found = read(&paths)?;
        let facts = merge(found.to_json(), json!({ "dry_run": true }));
        return Ok(found.answer(Answer::done(found.lines(), facts)));
    }
    let session = args.signing.session()?;
    let holder = session.custodian()?;
    let parent = args.parent.as_ref().map(|parent| session.desk().item(parent)).transpose()?;
    let found = read(&paths)?;
    let item = random_id()?;
    let act = found.act(args, item, holder, parent)?;
    let act = act.witnessed_by(&party::custodians(session.desk(), &args.witness)?);
    let done = session.finish(act)?;
    let id = SubjectId::Item(item).to_string();
    let lines = std::iter::once(id.clone()).chain(found.lines()).collect();
    let parent = parent.map(|parent| SubjectId::Item(parent).to_string());
    let facts = merge(found.to_json(), json!({ "item": id, "parent": parent }));
    Ok(found.answer(done.answer(lines, facts, Some(session.desk()))?))
}

fn read(paths: &[PathBuf]) -> Result<Found, Failure> {
    let open = |path: &PathBuf| File::open(path).map_err(cannot("read", path));
    let mut sources = paths.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let bar = bytes_bar("reading the media", 0);
    let mut progress = |done, total| {
        bar.set_total(total);
        bar.set(done);
    };
    let image = Image::read(&mut sources, &mut progress);
    drop(bar);
    let about = |failure: Failure| failure.about(format!("`{}`", paths[0].display()));
    let image = image.map_err(|error| about(error.into()))?;
    Ok(Found { image, files: measured::hash(paths)? })
}

impl Found {
    /// The act that takes the image into custody: collected, or made out of `parent`.
    fn act(
        &self,
        args: &Args,
        item: Uuid,
        holder: Uuid,
        parent: Option<Uuid>,
    ) -> Result<Act, Failure> {
        let mut digests = self.digests();
        let open = if args.open_digests { std::mem::take(&mut digests) } else { Vec::new() };
        let field = |code| self.image.acquisition.field(code);
        let act = match parent {
            Some(parent) => {
                let version = args.tool_version.as_deref().or(field("av")).unwrap_or(NOT_STATED);
                let body = Derive {
                    tool: args.tool.clone().unwrap_or_else(|| NOT_STATED.to_owned()),
                    method: DeriveMethod::Image,
                    parent,
                    digests: open,
                    version: tool_text(version).map_err(|reason| {
                        let message =
                            format!("the header's tool version cannot be recorded: {reason}");
                        Failure::could_not("ewf/limit", message)
                            .hint("`--tool-version V` states it")
                    })?,
                };
                Act::derive(item, holder, body, &digests)
            }
            None if args.open_digests => {
                let body = Collect { digests: open, ..Collect::of(ItemKind::Digital) };
                Act::collect_as(item, holder, body)
            }
            None => Act::collect(item, holder, ItemKind::Digital, &digests),
        };
        let stated = |option: &Option<String>, stated: Option<String>| option.clone().or(stated);
        let reference: Vec<_> = [field("c"), field("n")].into_iter().flatten().collect();
        let reference = (!reference.is_empty()).then(|| reference.join(", "));
        let description = field("a").map(str::to_owned);
        let acquisition = self.image.lines().join("\n");
        let acquisition = sealed_text(&acquisition).map_err(|reason| {
            Failure::could_not("ewf/limit", format!("what the image says has {reason}"))
        })?;
        Ok(act
            .sealing_text("description", stated(&args.description, description).as_deref())
            .sealing_text("reference", stated(&args.reference, reference).as_deref())
            .sealing_text("place", args.place.as_deref())
            .sealing_text("acquisition", Some(&acquisition)))
    }

    /// Of each file as it lies on the disk, and of the media in them.
    fn digests(&self) -> Vec<EvidenceDigest> {
        let mut digests = measured::digests(&self.files, DigestScope::Container);
        digests.push(EvidenceDigest::sha256(DigestScope::Media, &self.image.media.sha256));
        digests
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = self.image.lines();
        lines.extend(measured::lines(&self.files));
        lines.push(format!("sha-256 {} of the media", self.image.media.sha256));
        lines
    }

    fn to_json(&self) -> Value {
        let facts = self.image.acquisition.facts();
        let stated: serde_json::Map<_, _> =
            facts.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        json!({
            "stated": stated,
            "stated_digests": match self.image.is_match() {
                None => "none",
                Some(true) => "match",
                Some(false) => "mismatch",
            },
            "media": {
                "sha256": self.image.media.sha256.to_string(),
                "size": self.image.media.size,
            },
            "files": measured::to_json(&self.files),
        })
    }

    /// The answer, which says by its status that a stated digest does not match.
    fn answer(&self, mut answer: Answer) -> Answer {
        if self.image.is_match() == Some(false) {
            answer.ending = Ending::Rejected;
        }
        answer
    }
}

/// Name or version of a tool.
fn tool_text(text: &str) -> Result<String, String> {
    plain_text(text, 100)
}
