//! What exercises are made from: a ledger, everybody's keys, and an honest exhibit.

use std::path::{Path, PathBuf};

use custody_core::cose::{Draft, Observed, Role, SignerParams};
use custody_core::exhibit::{Contents, Exhibit, Manifest};
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};

use crate::desk::Desk;
use crate::export::{Export, Exporter, make};
use crate::failure::Failure;
use crate::file;
use crate::handling::Recipient;
use crate::training::Scenario;
use crate::training::keys::Keys;
use crate::training::seed::Seed;

/// Who makes the exhibits: the first keeper.
const EXPORTER: usize = 2;

/// See the module.
pub struct Bench {
    /// The ledger's directory.
    pub ledger: PathBuf,
    /// The ledger.
    pub desk: Desk<'static>,
    /// Everybody's keys.
    pub keys: Keys,
    /// An image, whose history begins with the item that it was made of.
    pub image: Uuid,
    /// Its bytes: nobody needs more of them.
    pub evidence: Vec<u8>,
    policy: Vec<u8>,
    pins: Vec<u8>,
}

impl Bench {
    /// Over the ledger that `scenario` made in `dir`.
    pub fn new(dir: &Path, scenario: &Scenario) -> Result<Self, Failure> {
        let keys = Keys::new(Seed(scenario.seed), scenario.cast());
        let ledger = dir.join("ledger");
        let desk = Desk::read(&ledger)?;
        let read = |name: &str| file::read(&dir.join(name), 1 << 20);
        let (policy, pins) = (read("policy.txt")?, read("agencies.txt")?);
        let missing = || Failure::could_not("internal", "the exercises' ledger has no image");
        for number in 0..scenario.items {
            let image = keys.image(number);
            if desk.look_up(&SubjectId::Item(image))?.is_some() {
                let evidence = image.as_bytes().to_vec();
                return Ok(Self { ledger, desk, keys, image, evidence, policy, pins });
            }
        }
        Err(missing())
    }

    /// What every reader has: policy, pins, evidence.
    pub fn reader(&self) -> [(&'static str, Vec<u8>); 3] {
        let evidence = self.evidence.clone();
        [
            ("policy.txt", self.policy.clone()),
            ("agencies.txt", self.pins.clone()),
            ("image.raw", evidence),
        ]
    }

    /// The pins as text.
    pub fn pins_text(&self) -> String {
        String::from_utf8_lossy(&self.pins).into_owned()
    }

    /// An honest exhibit of an item, as the ledger stands in `desk`.
    pub fn export(&self, desk: &Desk, item: Uuid) -> Result<Vec<u8>, Failure> {
        let export = Export {
            item,
            recipient: "Training Court".to_owned(),
            purpose: "exercise".to_owned(),
            since: Vec::new(),
            handling: Vec::new(),
            withhold: Vec::new(),
            to: Recipient::Court,
            permissions: Vec::new(),
        };
        let (id, key) = (self.keys.person_id(EXPORTER), self.keys.person(EXPORTER));
        Ok(make(desk, &export, Exporter { id, key })?.bytes)
    }

    /// The image's exhibit after its exporter changed it and signed the change.
    pub fn signed(
        &self,
        change: impl FnOnce(&mut Contents, &mut Manifest) -> Result<(), Failure>,
    ) -> Result<Vec<u8>, Failure> {
        let exhibit = Exhibit::parse(&self.export(&self.desk, self.image)?)?;
        let (mut contents, mut manifest) = (exhibit.contents().clone(), exhibit.manifest().clone());
        change(&mut contents, &mut manifest)?;
        let contents = contents.encode();
        manifest.contents = sha256(&contents);
        let header = exhibit.signed_manifest().header().clone();
        let mut draft = Draft::new(header, manifest.encode());
        let (role, iat_s) = (Role::Acting, manifest.made.utc_s);
        let params = SignerParams { role, iat_s, observed: Observed::default() };
        draft.sign(self.keys.person(EXPORTER), params)?;
        Ok(Exhibit::encode(&contents, &draft.to_bytes()))
    }
}
