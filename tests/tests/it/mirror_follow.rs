//! Mirrors as processes: they follow a server at work, cosign, and find out a log that has two histories.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use custody_core::checkpoint::Checkpoint;
use custody_core::hash::Hash;
use custody_core::merkle::{ConsistencyProof, TreeHead, TreeSize};
use custody_core::policy::Policy;
use custody_tests::office::{Office, copy, names};
use custody_tests::paper::{Agency, PaperLedger};
use custody_tests::program::{Ran, run_in};
use custody_tests::served::Served;
use serde_json::Value;
use tempfile::TempDir;

/// The laboratory oversees: with Ben's key its mirrors read the records.
pub const OVERSEERS: &str = "overseers = [\"agency:00000002-0000-4000-8000-000000000000\"]\n";
const LAB: [&str; 2] = ["--key", "ben.key"];

/// An office whose ledger is served, and people who mirror it.
pub struct Scene {
    _folder: TempDir,
    pub office: Office,
}

impl Scene {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let office = Office::found(folder.path());
        fs::write(folder.path().join("policy.txt"), office.run(&["policy"]).stdout).unwrap();
        office.ask(&["trust-sheet", "--pins", "pins.txt"]);
        fs::write(folder.path().join("serve.toml"), OVERSEERS).unwrap();
        fs::write(folder.path().join("mirror.toml"), "every_s = 1\n").unwrap();
        Self { _folder: folder, office }
    }

    pub fn folder(&self) -> &Path {
        self.office.folder()
    }

    /// Makes a mirror's directory, and returns its two keys.
    pub fn make_mirror(&self, to: &str) -> [String; 2] {
        let name = format!("{to}.example/custody-mirror");
        let trust = ["--policy", "policy.txt", "--agencies", "pins.txt"];
        let made = self
            .office
            .ask(&[&["mirror", "new", "--to", to, "--name", &name], &trust[..]].concat());
        [0, 1].map(|key| made["keys"][key].as_str().unwrap().to_owned())
    }

    pub fn serve(&self, ledger: &str) -> Served {
        Served::start(self.folder(), ledger, &["--config", "serve.toml"])
    }

    pub fn mirror(&self, from: &str, to: &str) -> Served {
        let here = ["--listen", "127.0.0.1:0", "--config", "mirror.toml"];
        Served::mirror(self.folder(), from, to, &[&LAB[..], &here].concat())
    }

    /// Follows once; status, code and answer.
    pub fn follow(&self, from: &str, to: &str) -> (i32, String, Value) {
        let once = ["mirror", "run", "--from", from, "--to", to, "--once", "--json"];
        let ran = self.office.run(&[&once[..], &LAB].concat());
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        let code = answer["error"]["code"].as_str().unwrap_or_default().to_owned();
        (ran.status, code, answer)
    }

    /// Says something about an item, in a ledger or at a server.
    pub fn note(&self, at: [&str; 2], text: &str) -> u64 {
        let laptop = format!("item:{}", self.office.id("laptop"));
        let said = ["note", &laptop, "--text", text, "--key", "anna.key", "--json", at[0], at[1]];
        let ran = self.run(&said);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["entry"].as_u64().unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_as("state", arguments)
    }

    fn run_as(&self, state: &str, arguments: &[&str]) -> Ran {
        let variables = [
            ("CUSTODY_LEDGER", ""),
            ("CUSTODY_KEY", "anna.key"),
            ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
            ("CUSTODY_STATE", state),
        ];
        run_in("custody", self.folder(), arguments, &variables)
    }

    pub fn checkpoint(&self, file: &str) -> Checkpoint {
        Checkpoint::parse(&fs::read(self.folder().join(file)).unwrap()).unwrap()
    }

    pub fn verify(&self, arguments: &[&str]) -> String {
        run_in("custody-verify", self.folder(), arguments, &[]).stdout
    }
}

/// An address that was free, for a server that others know before it is there.
pub fn reserve() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Every file of a published directory but its checkpoint, which mirrors cosign.
fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut pending) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = pending.pop() {
        for name in names(&root.join(&folder)) {
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            match root.join(&name).is_dir() {
                true => pending.push(name),
                false if name == "checkpoint" => {}
                false => found.push((name.clone(), fs::read(root.join(&name)).unwrap())),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn two_mirrors_follow_a_server_at_work_and_an_exhibit_is_attested() {
    let scene = Scene::new();
    let [one, two] = ["one", "two"].map(|to| scene.make_mirror(to));
    let address = reserve();
    let url = format!("http://{address}");
    let (first, second) = (scene.mirror(&url, "one"), scene.mirror(&url, "two"));
    let witness = |name: &str, at: &Served, keys: &[String; 2]| {
        format!("[[witnesses]]\nname = \"{name}\"\nurl = \"{}\"\nkeys = {keys:?}\n", at.url())
    };
    let config =
        format!("{OVERSEERS}{}{}", witness("one", &first, &one), witness("two", &second, &two));
    fs::write(scene.folder().join("serve.toml"), config).unwrap();
    let served = Served::start_at(scene.folder(), "ledger", &address, &["--config", "serve.toml"]);
    // At work, in two hands, while a mirror is killed and comes back where others know it.
    let last = std::thread::scope(|scope| {
        let hands = [0, 1].map(|hand| {
            let (scene, url) = (&scene, url.as_str());
            scope.spawn(move || {
                let said = |n| note_again(scene, url, [&format!("{hand}"), &format!("{hand}/{n}")]);
                (0..8).map(said).max().unwrap()
            })
        });
        first.wait_for_size("replayed and cosigned", 1);
        let listen = first.address().to_string();
        first.kill();
        let again = ["--listen", &listen, "--config", "mirror.toml"];
        let first = Served::mirror(scene.folder(), &url, "one", &[&LAB[..], &again].concat());
        let last = hands.map(|hand| hand.join().unwrap()).into_iter().max().unwrap();
        // What it had cosigned before it was killed it replays from its copy.
        first.wait_for("everything in the copy", |line| {
            let fields = &line["fields"];
            let is_one = ["replayed and cosigned", "the copy is replayed"]
                .iter()
                .any(|message| fields["message"] == *message);
            is_one && fields["size"].as_u64().is_some_and(|size| size > last)
        });
        (last, first)
    });
    let (last, first) = last;
    second.wait_for_size("replayed and cosigned", last + 1);
    // The newest checkpoint comes with both mirrors' lines: two keys each.
    served.wait_for("both mirrors", |line| {
        let fields = &line["fields"];
        fields["message"] == "cosigned" && fields["size"] == last + 1 && fields["lines"] == 4
    });
    let newest = Checkpoint::parse(served.get("/checkpoint").body.as_bytes()).unwrap();
    assert_eq!((newest.size().0, newest.signatures().len()), (last + 1, 6));
    is_attested(&scene, &url, &newest, [&one[0], &two[1]]);
    for mirror in [first, second] {
        let standing: Value = serde_json::from_str(&mirror.get("/v1/mirror").body).unwrap();
        assert_eq!((&standing["size"], &standing["alarm"]), (&(last + 1).into(), &Value::Null));
        assert_eq!(mirror.get("/readyz").status, 200);
        assert_eq!(mirror.stop(), Some(0));
    }
    assert_eq!(served.stop(), Some(0));
    // Both copies are what the log publishes, to the byte, and the offline verifier takes them as they are.
    scene.office.ask(&["publish", "--out", "tiles"]);
    let published = files(&scene.folder().join("tiles"));
    for to in ["one/copy", "two/copy"] {
        assert!(files(&scene.folder().join(to)) == published, "{to}");
        let report =
            scene.verify(&["replay", to, "--policy", "policy.txt", "--agencies", "pins.txt"]);
        assert!(report.starts_with("verified"), "{report}");
    }
}

/// An exhibit that is exported now stands on the newest checkpoint, for a reader who wants both mirrors.
fn is_attested(scene: &Scene, url: &str, newest: &Checkpoint, keys: [&String; 2]) {
    let policy = fs::read_to_string(scene.folder().join("policy.txt")).unwrap();
    let logs: String =
        policy.split_inclusive('\n').filter(|line| line.starts_with("log ")).collect();
    let policy = format!(
        "{logs}witness one {}\nwitness two {}\ngroup both all one two\nquorum both\n",
        keys[0], keys[1]
    );
    fs::write(scene.folder().join("witnessed.txt"), &policy).unwrap();
    Policy::parse(policy.as_bytes()).unwrap().verify(newest).unwrap().require_quorum().unwrap();
    let laptop = format!("item:{}", scene.office.id("laptop"));
    let rest = ["--for", "Court", "--purpose", "trial", "--out", "laptop.exhibit", "--server", url];
    let exported = scene.run(&[&["export", &laptop], &rest[..]].concat());
    assert_eq!(exported.status, 0, "{}", exported.stderr);
    let trust = ["--policy", "witnessed.txt", "--agencies", "pins.txt"];
    let report = scene.verify(&[&["exhibit", "laptop.exhibit"], &trust[..]].concat());
    assert!(report.starts_with("verified"), "{report}");
    assert!(report.contains("completeness/attested"), "{report}");
}

/// Another hand may have extended the chain meanwhile: then it is said again.
fn note_again(scene: &Scene, url: &str, [hand, text]: [&str; 2]) -> u64 {
    let laptop = format!("item:{}", scene.office.id("laptop"));
    loop {
        let said = ["note", &laptop, "--text", text, "--server", url, "--json"];
        let ran = scene.run_as(&format!("state-{hand}"), &said);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        match answer["error"]["code"].as_str() {
            None => return answer["entry"].as_u64().unwrap(),
            Some(code) => assert_eq!(code, "custody/conflict"),
        }
    }
}

/// The two heads in a folder of evidence, and what stands there in words.
fn evidence(scene: &Scene, to: &str) -> (Checkpoint, Checkpoint, String) {
    let folder = scene.folder().join(to).join("evidence");
    let [name]: [String; 1] = names(&folder).try_into().unwrap();
    let file = |file: &str| scene.checkpoint(&format!("{to}/evidence/{name}/{file}"));
    let what = fs::read_to_string(folder.join(&name).join("what.txt")).unwrap();
    (file("known.checkpoint"), file("shown.checkpoint"), what)
}

/// The same log keys, two histories: a mirror has cosigned the one that is served, and `other` is a copy from before it.
fn with_a_copy() -> (Scene, Served) {
    let scene = Scene::new();
    copy(&scene.folder().join("ledger"), &scene.folder().join("other"));
    scene.make_mirror("one");
    scene.note(["--ledger", "ledger"], "ours");
    let served = scene.serve("ledger");
    assert_eq!(scene.follow(&served.url(), "one").0, 0);
    (scene, served)
}

#[test]
fn a_log_with_two_histories_is_found_out_and_both_heads_are_kept() {
    let (scene, served) = with_a_copy();
    assert_eq!(scene.follow(&served.url(), "one").2["is_new"], false);
    served.kill();
    let settled = fs::read(scene.folder().join("one/copy/checkpoint")).unwrap();
    for text in ["theirs", "and more", "and more still"] {
        scene.note(["--ledger", "other"], text);
    }
    let served = scene.serve("other");
    let (status, code, _) = scene.follow(&served.url(), "one");
    assert_eq!((status, code.as_str()), (1, "mirror/fork"));
    let (known, shown, what) = evidence(&scene, "one");
    assert!(what.starts_with("mirror/fork\n"), "{what}");
    let policy = Policy::parse(&fs::read(scene.folder().join("policy.txt")).unwrap()).unwrap();
    for head in [&known, &shown] {
        let _ = policy.verify(head).expect("the log signed it");
    }
    // What is kept proves it to anybody: the newer tree begins with another one than the log signed.
    let folder = scene.folder().join("one/evidence");
    let proof = fs::read_to_string(folder.join(&names(&folder)[0]).join("proof.txt")).unwrap();
    let (old, new, proof) = read_proof(&proof);
    assert_eq!((old.size, &new), (known.size(), shown.tree_head()));
    assert_ne!(old.root, *known.root());
    proof.verify(&old, &new).unwrap();
    // It stays so, whatever the log shows then; nothing is written over, nothing cosigned.
    served.kill();
    let served = scene.serve("ledger");
    let before = fs::read_dir(&folder).unwrap().count();
    let (status, code, _) = scene.follow(&served.url(), "one");
    assert_eq!((status, code.as_str()), (1, "mirror/evidence"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), before);
    assert_eq!(fs::read(scene.folder().join("one/copy/checkpoint")).unwrap(), settled);
    // As a service it still offers the copy, says why it is not ready, and ends with the status that says so.
    let mirror = scene.mirror(&served.url(), "one");
    mirror.wait_for("the alarm", |line| line["fields"]["alarm"] == true);
    assert_eq!(mirror.get("/checkpoint").body.as_bytes(), settled);
    assert_eq!(
        (mirror.get("/readyz").status, mirror.get("/readyz").code()),
        (503, "mirror/evidence".to_owned())
    );
    assert_eq!(mirror.stop(), Some(1));
}

fn read_proof(text: &str) -> (TreeHead, TreeHead, ConsistencyProof) {
    let mut lines = text.lines();
    let mut head = |word: &str| {
        let line = lines.next().unwrap().strip_prefix(word).unwrap();
        let (size, root) = line.trim().split_once(' ').unwrap();
        TreeHead { size: TreeSize(size.parse().unwrap()), root: Hash::from_hex(root).unwrap() }
    };
    let (old, new) = (head("old"), head("new"));
    let hashes = lines.map(|line| Hash::from_hex(line).unwrap()).collect();
    (old, new, ConsistencyProof { hashes })
}

/// An older head alone proves nothing: the mirror names both and waits. A log that was put back from a backup looks the same,
/// until it grows: then it is a fork, at the first entry.
#[test]
fn a_log_that_was_put_back_is_found_out_as_soon_as_it_grows() {
    let scene = Scene::new();
    copy(&scene.folder().join("ledger"), &scene.folder().join("older"));
    scene.make_mirror("one");
    scene.note(["--ledger", "ledger"], "more");
    scene.note(["--ledger", "ledger"], "and more");
    let served = scene.serve("ledger");
    assert_eq!(scene.follow(&served.url(), "one").0, 0);
    served.kill();
    let settled = scene.checkpoint("one/copy/checkpoint");
    let served = scene.serve("older");
    let older = Checkpoint::parse(served.get("/checkpoint").body.as_bytes()).unwrap();
    for _ in 0..2 {
        let (status, code, answer) = scene.follow(&served.url(), "one");
        assert_eq!((status, code.as_str()), (2, "mirror/stale"));
        let message = answer["error"]["message"].as_str().unwrap();
        let both = [older.tree_head(), settled.tree_head()].map(ToString::to_string);
        assert!(both.iter().all(|head| message.contains(head)), "{message}");
        assert!(!scene.folder().join("one/evidence").exists());
        assert_eq!(scene.checkpoint("one/copy/checkpoint"), settled);
    }
    served.kill();
    // Well again with what it knew, and with more.
    let served = scene.serve("ledger");
    assert_eq!(scene.follow(&served.url(), "one").2["is_new"], false);
    served.kill();
    let size = scene.note(["--ledger", "ledger"], "and still more") + 1;
    let served = scene.serve("ledger");
    assert_eq!(scene.follow(&served.url(), "one").2["size"], size);
    served.kill();
    // It grows, and is still shorter than what the mirror knows.
    let settled = scene.checkpoint("one/copy/checkpoint");
    scene.note(["--ledger", "older"], "something else");
    let served = scene.serve("older");
    let (status, code, _) = scene.follow(&served.url(), "one");
    assert_eq!((status, code.as_str()), (1, "mirror/fork"));
    let (known, shown, what) = evidence(&scene, "one");
    assert!(what.starts_with("mirror/fork\n"), "{what}");
    assert_eq!((&known, shown.size().0), (&settled, older.size().0 + 1));
    served.kill();
}

/// A restored backup is a fork. Its own mark came back with it: the witness is not fooled.
#[test]
fn a_restored_ledger_does_not_start_where_a_witness_knows_better() {
    let scene = Scene::new();
    copy(&scene.folder().join("ledger"), &scene.folder().join("backup"));
    let keys = scene.make_mirror("one");
    scene.note(["--ledger", "ledger"], "lost in the fire");
    let served = scene.serve("ledger");
    let mirror = scene.mirror(&served.url(), "one");
    mirror.wait_for_size("replayed and cosigned", 1);
    served.kill();
    let config = format!(
        "listen = \"127.0.0.1:0\"\n[[witnesses]]\nname = \"one\"\nurl = \"{}\"\nkeys = {keys:?}\n",
        mirror.url()
    );
    fs::write(scene.folder().join("serve.toml"), &config).unwrap();
    let check = |ledger: &str| {
        let ran = scene.office.run(&[
            "serve",
            "--ledger",
            ledger,
            "--config",
            "serve.toml",
            "--check",
            "--json",
        ]);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        (ran.status, answer["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(check("ledger"), (0, String::new()));
    assert_eq!(check("backup"), (1, "witness/newer".to_owned()));
    // Somebody goes on with it, past the size that the mirror knows.
    copy(&scene.folder().join("backup"), &scene.folder().join("same-size"));
    for text in ["a", "b"] {
        scene.note(["--ledger", "backup"], text);
    }
    assert_eq!(check("backup"), (1, "witness/diverged".to_owned()));
    // A witness that cannot be asked keeps nobody from starting.
    let url = mirror.url();
    let listen = mirror.address().to_string();
    assert_eq!(mirror.stop(), Some(0));
    assert_eq!(check("ledger"), (0, String::new()));
    let ran = scene.run(&["serve", "--ledger", "ledger", "--config", "serve.toml", "--check"]);
    assert!(ran.stdout.contains("did not say what it knows of the ledger"), "{}", ran.stdout);
    // To the very size that it knows: the mirror has both heads now, and the log is done for.
    let again = ["--listen", &listen, "--config", "mirror.toml"];
    let mirror =
        Served::mirror(scene.folder(), "http://127.0.0.1:1", "one", &[&LAB[..], &again].concat());
    mirror.wait_for_size("the copy is replayed", 1);
    scene.note(["--ledger", "same-size"], "a");
    assert_eq!(check("same-size"), (1, "witness/alarm".to_owned()));
    assert_eq!(check("ledger"), (1, "witness/alarm".to_owned()));
    assert_eq!(mirror.stop(), Some(1));
    // What makes no sense is refused.
    for (wrong, right) in [(&keys[0][..20], keys[0].as_str()), ("ftp://x", url.as_str())] {
        fs::write(scene.folder().join("serve.toml"), config.replace(right, wrong)).unwrap();
        assert_eq!(check("ledger"), (2, "serve/setting".to_owned()));
    }
}

/// The copy is gone, the keys are there, and somebody shows another history: no second cosignature, by no way of starting.
#[test]
fn a_mirror_without_its_copy_cosigns_nothing() {
    let (scene, served) = with_a_copy();
    served.kill();
    fs::remove_dir_all(scene.folder().join("one/copy")).unwrap();
    scene.note(["--ledger", "other"], "theirs");
    let served = scene.serve("other");
    let (status, code, answer) = scene.follow(&served.url(), "one");
    assert_eq!((status, code.as_str()), (2, "mirror/copy"));
    let hint = answer["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("keys of its own"), "{hint}");
    let run = ["mirror", "run", "--from", &served.url(), "--to", "one", "--listen", "127.0.0.1:0"];
    let ran = scene.office.run(&[&run[..], &LAB, &["--json"]].concat());
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.status, &answer["error"]["code"]), (2, &"mirror/copy".into()));
    assert!(!scene.folder().join("one/copy").exists());
}

#[test]
fn what_cannot_be_followed_says_so() {
    let scene = Scene::new();
    let refused = |arguments: &[&str]| {
        let ran = scene.office.run(&[arguments, &["--json"]].concat());
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        answer["error"]["code"].as_str().unwrap().to_owned()
    };
    let new = |to: &str, name: &str, policy: &str| {
        refused(&["mirror", "new", "--to", to, "--name", name, "--policy", policy])
    };
    assert_eq!(new("one", "one.example/witness", "policy.txt"), "mirror/name");
    assert_eq!(new("one", "one.example/custody-mirror", "passphrase.txt"), "policy/keyword");
    let logs = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("log "));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let other = Scene::new();
    let theirs = fs::read_to_string(other.folder().join("policy.txt")).unwrap();
    let ours = fs::read_to_string(scene.folder().join("policy.txt")).unwrap();
    let stranger = Agency::new("Somebody", "HU");
    let stranger = PaperLedger::found_as("elsewhere.example/evidence", &[&stranger]);
    let stranger =
        Policy::for_log(stranger.signer.keys().clone(), Vec::new(), None).unwrap().format();
    let stranger = String::from_utf8(stranger).unwrap();
    let two = format!("{}{}quorum none\n", logs(&ours), logs(&stranger));
    fs::write(scene.folder().join("two.txt"), two).unwrap();
    assert_eq!(new("one", "one.example/custody-mirror", "two.txt"), "mirror/policy");
    // Keys of another ledger of the same name: the checkpoint is not the log's.
    fs::write(scene.folder().join("other.txt"), format!("{}quorum none\n", logs(&theirs))).unwrap();
    scene.make_mirror("one");
    assert_eq!(new("one", "one.example/custody-mirror", "policy.txt"), "file/exists");
    scene.office.ask(&[
        "mirror",
        "new",
        "--to",
        "two",
        "--name",
        "two.example/custody-mirror",
        "--policy",
        "other.txt",
    ]);
    let served = scene.serve("ledger");
    assert_eq!(scene.follow(&served.url(), "two").1, "checkpoint/log-ed25519-missing");
    assert_eq!(scene.follow(&served.url(), "three").1, "mirror/missing");
    assert_eq!(scene.follow("http://127.0.0.1:1", "one").1, "client/unreachable");
    // Whoever oversees nothing gets no records, and nothing is believed.
    let once =
        ["mirror", "run", "--from", &served.url(), "--to", "one", "--once", "--key", "anna.key"];
    assert_eq!(refused(&once), "mirror/source");
    // Two with one key could cosign two histories.
    let mirror = scene.mirror(&served.url(), "one");
    assert_eq!(scene.follow(&served.url(), "one").1, "mirror/in-use");
    mirror.wait_for_size("replayed and cosigned", 1);
    assert_eq!(mirror.stop(), Some(0));
    // A copy that was changed is not gone on with, and not written over.
    let file = scene.folder().join("one/copy/records/000.p");
    let file = file.join(&names(&file)[0]);
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let (status, code, _) = scene.follow(&served.url(), "one");
    assert_eq!((status, code.as_str()), (2, "mirror/copy"));
    assert_eq!(fs::read(&file).unwrap(), bytes);
}
