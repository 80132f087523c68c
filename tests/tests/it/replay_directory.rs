//! `custody-verify replay` on published directories: whole ones, damaged ones, and a thousand of them
//! with one byte changed.

use std::fs;
use std::path::PathBuf;

use custody_core::merkle::{LeafIndex, TreeSize};
use custody_core::record::body::LateReason;
use custody_core::tile::{TileKind, TilePath, TileWidth};
use custody_tests::program::{Ran, run};
use custody_tests::published::{Busy, bytes_of, files_of_tree, publish, publish_as};
use serde_json::Value;
use tempfile::TempDir;

/// A directory to play with.
struct Site {
    folder: TempDir,
    busy: Busy,
}

impl Site {
    fn new(size: usize) -> Self {
        let (folder, busy) = (TempDir::new().unwrap(), Busy::new(size, 3, 7));
        fs::write(folder.path().join("policy.txt"), busy.policy.format()).unwrap();
        fs::write(folder.path().join("agencies.txt"), busy.pins.to_string()).unwrap();
        publish(&busy.ledger, &folder.path().join("tiles")).unwrap();
        Self { folder, busy }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("tiles").join(name)
    }

    fn run(&self) -> Ran {
        let arguments =
            ["replay", "tiles", "--policy", "policy.txt", "--agencies", "agencies.txt", "--json"];
        run("custody-verify", self.folder.path(), &arguments, "")
    }

    fn replay(&self) -> (i32, Value) {
        let ran = self.run();
        let json = serde_json::from_str(&ran.stdout);
        (ran.status, json.unwrap_or_else(|error| panic!("{error}: {ran:?}")))
    }

    /// The violations with the bytes of one file changed by `change`.
    fn violations_with(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<Value> {
        let path = self.path(name);
        let original = fs::read(&path).unwrap();
        let mut bytes = original.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let (status, json) = self.replay();
        fs::write(&path, original).unwrap();
        assert_eq!(status, 1, "{name}: {json:#}");
        let violations = json["violations"].as_array().unwrap().clone();
        assert!(!violations.is_empty(), "{name}: {json:#}");
        for violation in &violations {
            for part in ["object", "code", "expected", "found", "text"] {
                assert_ne!(violation[part].as_str(), Some(""), "{name}: {violation:#}");
            }
        }
        violations
    }
}

fn named(violations: &[Value]) -> Vec<(Option<u64>, &str, &str)> {
    let part = |violation: &'_ Value| {
        let index = violation["index"].as_u64();
        (
            index,
            violation["object"].as_str().unwrap().to_owned(),
            violation["code"].as_str().unwrap().to_owned(),
        )
    };
    let parts = violations.iter().map(part);
    parts.map(|(index, object, code)| (index, &*object.leak(), &*code.leak())).collect()
}

#[test]
fn whole_ledgers_of_all_shapes_are_verified() {
    for size in [10, 255, 256, 257, 512, 700] {
        let site = Site::new(size);
        let (status, json) = site.replay();
        assert_eq!(status, 0, "{json:#}");
        assert_eq!(json["verdict"], "verified");
        assert_eq!(json["size"], size);
        assert_eq!(json["violations"].as_array().unwrap().len(), 0);
        assert_eq!(json["stray"].as_array().unwrap().len(), 0);
    }
}

/// What a late entry embeds is looked for in every bundle before it, once all entries were replayed.
#[test]
fn a_late_entry_of_a_record_in_an_earlier_bundle_is_found() {
    let mut site = Site::new(300);
    let late = |site: &mut Site, record: &dyn Fn(&Busy) -> Vec<u8>| {
        let record = record(&site.busy);
        let Busy { ledger, people, items, .. } = &mut site.busy;
        let page = ledger.late_entry(&people[0], items[4].0, record, LateReason::Conflict);
        let at = ledger.force_page(&page).0;
        publish(ledger, &site.folder.path().join("tiles")).unwrap();
        (at, site.replay())
    };
    let (_, (status, json)) = late(&mut site, &|busy| {
        let page = busy.ledger.handoff(&busy.people[1], &busy.people[0], &[busy.items[4].0], &[]);
        page.with(|payload| payload.subjects[0].seq = 1).sign()
    });
    assert_eq!(status, 0, "{json:#}");
    // The first handoff of the same item.
    let (at, (status, json)) = late(&mut site, &|busy| busy.ledger.records[11].clone());
    assert_eq!(status, 1, "{json:#}");
    let violations = json["violations"].as_array().unwrap();
    assert_eq!(named(violations), [(Some(at), &*format!("entry {at}"), "custody/not-late")]);
}

/// Every file of the directory takes part, each in proportion to its size, at least one change a file.
#[test]
fn each_of_a_thousand_changed_bytes_is_found_and_named() {
    let site = Site::new(300);
    let mut files: Vec<String> =
        files_of_tree(TreeSize(300)).map(|path| path.to_string()).collect();
    files.push("checkpoint".to_owned());
    let sizes: Vec<usize> =
        files.iter().map(|name| fs::read(site.path(name)).unwrap().len()).collect();
    let total: usize = sizes.iter().sum();
    let mut random = Random(0x0c05_70d7);
    println!("seed {:#x}", random.0);
    let mut changes = 0;
    for (name, size) in files.iter().zip(sizes) {
        for _ in 0..(size * 1000).div_ceil(total) {
            let (at, bit) = (random.below(size), random.below(8));
            let violations = site.violations_with(name, |bytes| bytes[at] ^= 1 << bit);
            assert!(is_about(name, &violations), "{name} byte {at} bit {bit}: {violations:#?}");
            changes += 1;
        }
    }
    assert!(changes >= 1000, "{changes}");
}

/// Whether the first finding names the file that was changed, or an entry that stands in it.
fn is_about(name: &str, violations: &[Value]) -> bool {
    if name == "checkpoint" {
        return violations.iter().all(|violation| violation["index"].is_null());
    }
    let path = TilePath::parse(name).unwrap();
    let first = path.start().unwrap().0;
    let range = first..first + u64::from(path.width().items());
    violations.iter().any(|violation| {
        let object = violation["object"].as_str().unwrap();
        let index = violation["index"].as_u64();
        object.starts_with(name) || index.is_some_and(|index| range.contains(&index))
    })
}

/// splitmix64: a sequence that is the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }
}

#[test]
fn one_changed_byte_is_one_finding_where_it_can_be() {
    let site = Site::new(300);
    let entry = 81 * 40;
    type Finding<'a> = (Option<u64>, &'a str, &'a str);
    let cases: [(&str, usize, &[Finding<'_>]); 4] = [
        ("tile/0/000", 32 * 40, &[(Some(40), "tile/0/000", "tile/hash")]),
        ("tile/1/000.p/1", 3, &[(None, "tile/1/000.p/1, hash 0", "tile/hash")]),
        ("tile/entries/000", entry, &[(Some(40), "tile/entries/000", "tile/item-length")]),
        // The digest that the entry names: its leaf hash is another, and its record.
        (
            "tile/entries/000",
            entry + 2 + 78,
            &[(Some(40), "tile/0/000", "tile/hash"), (Some(40), "entry 40", "entry/other-record")],
        ),
    ];
    for (name, at, expected) in cases {
        let violations = site.violations_with(name, |bytes| bytes[at] ^= 1);
        assert_eq!(named(&violations), expected, "{name} byte {at}");
    }
}

#[test]
fn a_changed_length_of_a_record_is_one_finding() {
    let site = Site::new(300);
    let before: usize = site.busy.ledger.records[..40].iter().map(|record| 4 + record.len()).sum();
    let violations = site.violations_with("records/000", |bytes| bytes[before + 3] ^= 1);
    assert_eq!(named(&violations), [(Some(40), "records/000", "tile/item-length")]);
}

#[test]
fn missing_and_shortened_files_are_named() {
    let site = Site::new(300);
    for (name, code) in [
        ("tile/0/000", "replay/file-missing"),
        ("tile/0/001.p/44", "replay/file-missing"),
        ("tile/1/000.p/1", "replay/file-missing"),
        ("tile/entries/000", "replay/file-missing"),
        ("records/001.p/44", "replay/file-missing"),
    ] {
        let (path, aside) = (site.path(name), site.path("aside"));
        fs::rename(&path, &aside).unwrap();
        let (status, json) = site.replay();
        fs::rename(&aside, &path).unwrap();
        assert_eq!((status, &json["violations"][0]["code"]), (1, &Value::from(code)), "{json:#}");
        assert_eq!(json["violations"][0]["object"], name);
    }
    for (name, code) in [
        ("tile/0/000", "tile/truncated"),
        ("tile/entries/001.p/44", "tile/truncated"),
        ("records/000", "tile/truncated"),
    ] {
        let violations = site.violations_with(name, |bytes| bytes.truncate(bytes.len() - 1));
        assert_eq!(violations[0]["code"], code, "{name}");
        assert_eq!(violations[0]["object"], name);
    }
    let violations = site.violations_with("records/000", |bytes| bytes.push(0));
    assert_eq!(named(&violations), [(None, "records/000", "tile/trailing-bytes")]);
    let long = site.violations_with("tile/0/000", |bytes| bytes.push(0));
    assert_eq!(named(&long), [(None, "tile/0/000", "replay/file-oversize")]);
}

#[test]
fn a_bundle_that_is_gone_altogether_ends_the_replay() {
    let site = Site::new(300);
    for name in ["tile/0/001.p/44", "tile/entries/001.p/44", "records/001.p/44"] {
        fs::remove_file(site.path(name)).unwrap();
    }
    let (status, json) = site.replay();
    assert_eq!(status, 1);
    let lines = json["lines"].as_array().unwrap();
    let line = |id: &str| lines.iter().find(|line| line["id"] == id).unwrap();
    assert_eq!(line("inclusion")["code"], "replay/entries-missing");
    assert_ne!(line("completeness")["status"], "pass");
}

#[test]
fn partial_files_of_earlier_checkpoints_are_checked_too() {
    let site = Site::new(300);
    let ledger = &site.busy.ledger;
    let partial =
        |kind, index, width| TilePath::new(kind, index, TileWidth::new(width).unwrap()).unwrap();
    let older = [
        partial(TileKind::Hashes { level: 0 }, 0, 77),
        partial(TileKind::Entries, 1, 12),
        partial(TileKind::Records, 0, 77),
    ];
    for path in older {
        let file = site.path(&path.to_string());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes_of(ledger, path)).unwrap();
    }
    assert_eq!(site.replay().0, 0);
    let hash = site.violations_with(&older[0].to_string(), |bytes| bytes[32 * 40] ^= 1);
    assert_eq!(named(&hash), [(None, "tile/0/000.p/77, hash 40", "tile/hash")]);
    let entry = site.violations_with(&older[1].to_string(), |bytes| bytes[81 * 3 + 70] ^= 1);
    let code = "replay/older-partial";
    assert_eq!(named(&entry), [(Some(259), "tile/entries/001.p/12", code)]);
    let record = site.violations_with(&older[2].to_string(), |bytes| bytes[200] ^= 1);
    assert_eq!(named(&record), [(Some(0), "records/000.p/77", code)]);
}

#[test]
fn files_that_do_not_belong_are_named_and_do_no_harm() {
    let site = Site::new(300);
    for name in ["README", "tile/0/000.tmp", "records/002", "tile/entries/001.p/45"] {
        fs::write(site.path(name), "anything").unwrap();
    }
    let (status, json) = site.replay();
    assert_eq!(status, 0, "{json:#}");
    let stray = ["README", "records/002", "tile/0/000.tmp", "tile/entries/001.p/45"];
    assert_eq!(json["stray"], Value::from(stray.to_vec()));
}

/// A directory that has grown since its checkpoint was taken: wider files serve.
#[test]
fn an_older_checkpoint_is_replayed_from_wider_files() {
    let site = Site::new(300);
    let older = site.busy.ledger.at_size(TreeSize(200));
    fs::write(site.path("checkpoint"), older.checkpoint().as_bytes()).unwrap();
    let (status, json) = site.replay();
    assert_eq!((status, &json["size"]), (0, &Value::from(200)), "{json:#}");
}

#[test]
fn a_checkpoint_of_another_tree_is_rejected() {
    let site = Site::new(300);
    let other = Busy::new(300, 3, 8);
    publish_as(&site.busy.ledger, &other.ledger.checkpoint(), &site.path("")).unwrap();
    let (status, json) = site.replay();
    assert_eq!(status, 1);
    assert_eq!(
        named(json["violations"].as_array().unwrap()),
        [(None, "checkpoint", "replay/root")]
    );
}

#[test]
fn what_a_dishonest_log_did_is_named_with_its_entry() {
    let mut busy = Busy::new(290, 3, 7);
    let (item, holder) = busy.items[0];
    let thief = &busy.people[(holder + 1) % 3];
    let to = &busy.people[(holder + 2) % 3];
    let page = busy.ledger.handoff(thief, to, &[item], &[]);
    let LeafIndex(at) = busy.ledger.force_page(&page);
    let (folder, pins) = (TempDir::new().unwrap(), busy.pins.clone());
    let site = Site { folder, busy };
    fs::write(site.folder.path().join("policy.txt"), site.busy.policy.format()).unwrap();
    fs::write(site.folder.path().join("agencies.txt"), pins.to_string()).unwrap();
    publish(&site.busy.ledger, &site.path("")).unwrap();
    let (status, json) = site.replay();
    assert_eq!(status, 1);
    let expected = [(Some(at), &*format!("entry {at}"), "custody/not-the-holder")];
    assert_eq!(named(json["violations"].as_array().unwrap()), expected);
    assert_eq!(json["violations"][0]["line"], "custody-rules");
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let site = Site::new(10);
    fs::remove_file(site.path("checkpoint")).unwrap();
    let ran = site.run();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("error: cannot read `tiles/checkpoint`"), "{}", ran.stderr);
    // A folder where a file should be can be opened and not read.
    publish(&site.busy.ledger, &site.path("")).unwrap();
    fs::remove_file(site.path("tile/entries/000.p/10")).unwrap();
    fs::create_dir(site.path("tile/entries/000.p/10")).unwrap();
    assert_eq!(site.run().status, 2);
}
