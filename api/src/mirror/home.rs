//! A mirror's directory: whom it believes, its keys, the copy, and evidence if there is any.
//!
//! `policy.txt` and `agencies.txt` say whom it believes; `witness.txt` has its public keys as lines of a policy; `keys/` the
//! private ones, encrypted, and what they cosigned last; `copy/` what `publish` would write; `evidence/` what it keeps of a log
//! that broke its word.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use custody_core::checkpoint::{Checkpoint, CheckpointError, PosixTime};
use custody_core::id::Origin;
use custody_core::note::{KeyName, VerifierKey};
use custody_core::pins::{MAX_PINS, Pins};
use custody_core::policy::{MAX_POLICY_LEN, Policy};
use custody_log::mirror::MirrorTrust;
use custody_log::signing::{Ed25519Cosigner, MlDsaCosigner, cosign_ed25519, cosign_mldsa44};

use crate::failure::Failure;
use crate::file::{self, Access};
use crate::key_file::{KeyKind, Seed, read_private};
use crate::passphrase::PassphraseSource;

/// What the name of a mirror's key ends in: SPEC section "Custody index".
pub const SUFFIX: &str = "/custody-mirror";

const KEYS: [(KeyKind, &str); 2] =
    [(KeyKind::Ed25519, "mirror-ed25519.key"), (KeyKind::MlDsa44, "mirror-mldsa44.key")];

/// The directory of a mirror.
pub struct Home {
    dir: PathBuf,
}

/// What a mirror cosigns with.
pub struct Cosigner {
    ed25519: Ed25519Cosigner,
    mldsa44: MlDsaCosigner,
}

impl Home {
    /// The directory `dir`, made before by [`Home::make`].
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes a mirror's directory, with new keys of the name `name`.
    ///
    /// # Errors
    /// There is one, the policy or the pins cannot be used, or the files cannot be written.
    pub fn make(
        &self,
        name: &KeyName,
        (policy, pins): (&[u8], Option<&[u8]>),
        passphrase: &PassphraseSource,
    ) -> Result<[VerifierKey; 2], Failure> {
        file::check_absent(&self.dir.join("policy.txt"))?;
        trust(policy, pins)?;
        let secret = passphrase.fresh("the mirror's keys")?;
        let seeds = [Seed::random(KeyKind::Ed25519)?, Seed::random(KeyKind::MlDsa44)?];
        let cosigner = Cosigner::new(name, &seeds)?;
        let keys = self.dir.join("keys");
        fs::create_dir_all(&keys).map_err(file::cannot("make", &keys))?;
        for ((_, file), seed) in KEYS.iter().zip(&seeds) {
            let text = seed.encode_private(&secret)?;
            file::create(&keys.join(file), text.as_bytes(), Access::Owner)?;
        }
        let keys = cosigner.keys();
        let lines = witness_lines(&keys);
        file::create(&self.dir.join("witness.txt"), lines.as_bytes(), Access::Shared)?;
        if let Some(pins) = pins {
            file::create(&self.dir.join("agencies.txt"), pins, Access::Shared)?;
        }
        // Last: with this the directory is a mirror's.
        file::create(&self.dir.join("policy.txt"), policy, Access::Shared)?;
        Ok(keys)
    }

    /// Keeps everybody else out for as long as the file is held.
    ///
    /// # Errors
    /// Another process has it, or the directory is no mirror's.
    pub fn lock(&self) -> Result<File, Failure> {
        if !self.dir.join("policy.txt").exists() {
            let message = format!("`{}` is not the directory of a mirror", self.dir.display());
            return Err(Failure::could_not("mirror/missing", message)
                .hint("`custody mirror new --to DIR --name NAME --policy FILE` makes one"));
        }
        let path = self.dir.join("policy.txt");
        let file = File::open(&path).map_err(file::cannot("read", &path))?;
        file.try_lock().map_err(|_| {
            let message = format!("another process follows with `{}`", self.dir.display());
            Failure::could_not("mirror/in-use", message).hint(
                "two with one key could cosign two histories: find the other before you end it",
            )
        })?;
        Ok(file)
    }

    /// Whom the mirror believes.
    ///
    /// # Errors
    /// Its files cannot be read.
    pub fn trust(&self) -> Result<MirrorTrust, Failure> {
        let policy = file::read(&self.dir.join("policy.txt"), MAX_POLICY_LEN as u64)?;
        let pins = self.dir.join("agencies.txt");
        let pins = pins.exists().then(|| file::read(&pins, MAX_PINS as u64)).transpose()?;
        trust(&policy, pins.as_deref())
    }

    /// The mirror's keys.
    ///
    /// # Errors
    /// They cannot be read, or the passphrase is wrong.
    pub fn cosigner(&self, source: &PassphraseSource) -> Result<Cosigner, Failure> {
        let [ed25519, mldsa44] = KEYS.map(|(kind, file)| {
            let ask = || Ok::<_, Failure>(source.existing("the mirror's keys")?);
            let opened = read_private(&self.dir.join("keys").join(file), kind, ask);
            opened.map_err(of_mirror)
        });
        Cosigner::new(&self.name()?, &[ed25519?, mldsa44?])
    }

    /// The name of the mirror's keys, as `witness.txt` has it.
    fn name(&self) -> Result<KeyName, Failure> {
        let path = self.dir.join("witness.txt");
        let bytes = file::read(&path, MAX_POLICY_LEN as u64)?;
        let text = String::from_utf8_lossy(&bytes);
        let vkey = text.lines().next().and_then(|line| line.split(' ').nth(2)).unwrap_or_default();
        let key = VerifierKey::parse(vkey);
        let key =
            key.map_err(|error| Failure::from(error).about(format!("`{}`", path.display())))?;
        Ok(key.name().clone())
    }
}

impl Cosigner {
    fn new(name: &KeyName, seeds: &[Seed; 2]) -> Result<Self, Failure> {
        let [ed25519, mldsa44] = seeds;
        Ok(Self {
            ed25519: Ed25519Cosigner::from_seed(name, ed25519.as_bytes())?,
            mldsa44: MlDsaCosigner::from_seed(name, mldsa44.as_bytes())?,
        })
    }

    /// The public keys: Ed25519, ML-DSA-44.
    pub fn keys(&self) -> [VerifierKey; 2] {
        [self.ed25519.verifier().clone(), self.mldsa44.verifier().clone()]
    }

    /// The log's checkpoint with the mirror's two lines, as of `now_s`.
    ///
    /// # Errors
    /// [`CheckpointError`]: there is no room, or no signature is found.
    pub fn cosign(
        &self,
        checkpoint: &Checkpoint,
        now_s: u64,
    ) -> Result<Checkpoint, CheckpointError> {
        let time = PosixTime::new(now_s).unwrap_or(PosixTime::MAX);
        // What others said of it is theirs to say.
        let bare = checkpoint.of_log_alone();
        let once = bare.with_signature(cosign_ed25519(&self.ed25519, &bare, time))?;
        once.with_signature(cosign_mldsa44(&self.mldsa44, &bare, time)?)
    }
}

/// The mirror's keys as lines of a policy.
pub fn witness_lines(keys: &[VerifierKey; 2]) -> String {
    let [ed25519, mldsa44] = keys;
    let name = ed25519.name();
    format!("witness {name} {ed25519}\nwitness {name}-mldsa44 {mldsa44}\n")
}

/// Reads the name of a mirror's key.
///
/// # Errors
/// It is none, or does not say that a mirror replays.
pub fn parse_name(text: &str) -> Result<KeyName, Failure> {
    let name = KeyName::parse(text)?;
    match name.as_str().ends_with(SUFFIX) {
        true => Ok(name),
        false => {
            let message = format!("`{text}` does not end in `{SUFFIX}`");
            Err(Failure::could_not("mirror/name", message).hint(
                "by that ending policies know a witness that replays: `lab.example/custody-mirror`",
            ))
        }
    }
}

fn trust(policy: &[u8], pins: Option<&[u8]>) -> Result<MirrorTrust, Failure> {
    let policy = Policy::parse(policy)?;
    let [log] = policy.logs() else {
        let message = format!("the policy has {} logs, a mirror follows one", policy.logs().len());
        return Err(Failure::could_not("mirror/policy", message)
            .hint("`custody policy` writes the one of a ledger"));
    };
    let origin: Origin = log.keys().origin().as_str().parse()?;
    let pins = pins.map(Pins::parse).transpose()?;
    Ok(MirrorTrust { origin, keys: log.keys().clone(), pins })
}

/// The mirror's keys have the passphrase that they were made with, which may be another than the overseer's.
fn of_mirror(failure: Failure) -> Failure {
    match failure.code() {
        "key-file/passphrase" => failure.about("a key of the mirror").hint(
            "`--passphrase-file FILE`, or CUSTODY_PASSPHRASE_FILE, names the passphrase of the mirror's keys and of the \
             overseer's; where they have two, leave it out and you are asked for each",
        ),
        _ => failure,
    }
}
