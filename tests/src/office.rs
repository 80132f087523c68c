//! An office to play in: a folder with keys, a founded ledger, people and two items, made by the
//! `custody` program itself, as its users would make it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::image;
use crate::program::{self, Ran};
use crate::transcript::Masks;

/// What every command in the office finds in its environment.
pub const VARIABLES: [(&str, &str); 4] = [
    ("CUSTODY_LEDGER", "ledger"),
    ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
    ("CUSTODY_KEY", ""),
    ("CUSTODY_LOG_PASSPHRASE_FILE", ""),
];

/// A folder with an office in it, and what the ids in it are called.
pub struct Office {
    folder: PathBuf,
    names: Vec<(String, String)>,
}

/// Names, files and roles of the people who are enrolled.
const PEOPLE: [(&str, &str, &str, &str); 4] = [
    ("Anna Berg", "anna", "police", "releasing,receiving,witness,acting"),
    ("Cora Lind", "cora", "police", "witness,supervisor"),
    ("Ben Roth", "ben", "lab", "releasing,receiving,witness,acting"),
    ("Dora Falk", "dora", "lab", "releasing,receiving,witness,acting"),
];

/// Tables to import, good and bad.
const TABLES: [(&str, &str); 13] = [
    (
        "items.csv",
        "reference,description,place,kind,file,scope,occurred,attach\n\
         K-17/1,\"knife, kitchen\",kitchen,,,,2026-05-04T13:30:00+02:00,photo.jpg\n\
         K-17/2,phone,bedroom,physical,,,,\n\
         K-17/3,copy of a disk,,,disk.img,media,,\n",
    ),
    (
        "bad-items.csv",
        "place;description;kind;file;occurred;attach\n\
         kitchen;;physical;;;\n\
         \n\
         hall;a box;wooden;nothing.img;yesterday;\n\
         hall;a stick;digital;;;ledger|photo.jpg\n\
         attic;a bag\n",
    ),
    ("bad-header.csv", "place,colour,place\nhall,grey,attic\n"),
    ("one.csv", "item\nK-17/1\n"),
    ("van.csv", "item\nK-17/1\nK-17/2\nK-17/3\n"),
    ("bad-van.csv", "item,description\nK-17/1,phone\nK-17/9,\nK-17/1,\n,phone\n"),
    ("back.csv", "outcome,item\naccepted,K-17/1\nmissing,K-17/2\n,K-17/3\n"),
    ("bad-back.csv", "outcome,item\nlost,K-17/1\naccepted,K-17/4\n"),
    ("no-back.csv", "outcome,item\n,K-17/1\n"),
    (
        "drugs.csv",
        "reference,description,quantity,unit,handling\n\
         D-1,white powder,250,g,H1|TLP:AMBER\n\
         D-2,tablets,40 piece,,\n\
         D-3,scales,,,H1\n",
    ),
    (
        "bad-drugs.csv",
        "description,quantity,unit,handling,request\n\
         white powder,some,g,,\n\
         tablets,40,,H9,\n\
         scales,,piece,,12ab\n",
    ),
    ("found.csv", "item,outcome\nK-17/2,seal-mismatch\nK-17/3,accepted\n"),
    ("bad-found.csv", "item,outcome\nK-17/2,\nK-17/9,missing\nK-17/1,lost\nK-17/1,missing\n"),
];

impl Office {
    /// Founds an office in `folder`, which is empty.
    pub fn found(folder: &Path) -> Self {
        let mut office = Self { folder: folder.to_owned(), names: Vec::new() };
        office.lay_out();
        for key in ["operator", "police", "police-recovery", "lab", "lab-recovery"] {
            office.do_it(&["key", "new", "--out", &format!("{key}.key")]);
        }
        for key in ["north", "north-recovery", "anna", "ben", "cora", "dora", "eve"] {
            office.do_it(&["key", "new", "--out", &format!("{key}.key")]);
        }
        for (number, file, name, country) in [
            (1, "police", "Example Police", "NL"),
            (2, "lab", "Example Laboratory", "DE"),
            (3, "north", "Example Customs", "SE"),
        ] {
            office.card(number, file, name, country);
        }
        office.found_ledger();
        for (name, file, agency, roles) in PEOPLE {
            office.enrol([name, file, agency, roles]);
        }
        office.collect("laptop", &["--description", "laptop, grey", "--place", "kitchen"]);
        office.collect("image", &["--description", "disk image", "--file", "disk.img"]);
        office
    }

    /// A copy of the office in another folder, which is empty.
    pub fn copy_to(&self, folder: &Path) -> Self {
        copy(&self.folder, folder);
        Self { folder: folder.to_owned(), names: self.names.clone() }
    }

    /// Where the office is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The ids of the office by name.
    pub fn masks(&self) -> Masks {
        Masks::named(self.names.clone()).in_folder(&self.folder)
    }

    /// The id called `name`.
    pub fn id(&self, name: &str) -> &str {
        let known = self.names.iter().find(|(_, known)| known == name);
        known.map(|(id, _)| id.as_str()).expect("somebody or something of that name")
    }

    /// Runs `custody` in the office.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        program::run_in("custody", &self.folder, arguments, &VARIABLES)
    }

    /// Runs `custody` in the office and reads what it answers.
    ///
    /// # Panics
    /// It fails.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.status, 0, "custody {}: {}", arguments.join(" "), ran.stderr);
        serde_json::from_str(&ran.stdout).expect("JSON")
    }

    fn do_it(&self, arguments: &[&str]) {
        let ran = self.run(arguments);
        assert_eq!(ran.status, 0, "custody {}: {}", arguments.join(" "), ran.stderr);
    }

    fn lay_out(&self) {
        let image: Vec<u8> = (0..100_000_u32).flat_map(|word| word.to_le_bytes()).collect();
        let ewf = image::segment(1, &image::plain(&image::media()), "done");
        let files: [(&str, &[u8]); 6] = [
            ("phone.E01", &ewf),
            ("cut.E01", &ewf[..ewf.len() / 2]),
            ("passphrase.txt", b"correct horse\n"),
            ("wrong.txt", b"incorrect horse\n"),
            ("disk.img", &image),
            ("photo.jpg", b"in place of a photograph"),
        ];
        let tables = TABLES.map(|(name, text)| (name, text.as_bytes()));
        for (name, bytes) in files.into_iter().chain(tables) {
            fs::write(self.folder.join(name), bytes).expect("the folder can be written");
        }
    }

    /// Cards get ids in a known order: signatures stand in the order of ids.
    fn card(&mut self, number: u32, file: &str, name: &str, country: &str) {
        let card = format!("{file}.card");
        let (authority, recovery) = (format!("{file}.pub"), format!("{file}-recovery.pub"));
        let keys = ["--authority", &authority, "--recovery", &recovery];
        let rest = ["--name", name, "--country", country, "--out", &card];
        self.do_it(&[&["agency", "card"], &keys[..], &rest[..]].concat());
        let path = self.folder.join(&card);
        let text = fs::read_to_string(&path).expect("the card was written");
        let id = format!("{number:08}-0000-4000-8000-000000000000");
        let (_, rest) = text.split_once('\n').expect("a card has lines");
        fs::write(&path, format!("id agency:{id}\n{rest}")).expect("the card can be written");
        self.names.push((id, file.to_owned()));
    }

    fn found_ledger(&self) {
        let founders = ["--founder", "police.card", "--founder", "lab.card"];
        let rest = ["--origin", "police.example/evidence", "--key", "operator.key"];
        let first = ["init", "--prepare", "founding.offer", "--ledger", "ledger"];
        self.do_it(&[&first[..], &founders[..], &rest[..]].concat());
        for key in ["police", "police-recovery", "lab", "lab-recovery"] {
            self.do_it(&["init", "--sign", "founding.offer", "--key", &format!("{key}.key")]);
        }
        self.do_it(&["init", "--open", "founding.offer", "--ledger", "ledger"]);
    }

    fn enrol(&mut self, [name, file, agency, roles]: [&str; 4]) {
        let (public, own) = (format!("{file}.pub"), format!("{file}.key"));
        let key = format!("{agency}.key");
        let who = ["custodian", "enrol", "--name", name, "--public", &public, "--roles", roles];
        let answer = self.ask(&[&who[..], &["--key", &key, "--with-key", &own]].concat());
        self.keep(&answer["custodian"], file);
    }

    fn collect(&mut self, name: &str, arguments: &[&str]) {
        let answer = self.ask(&[&["collect", "--key", "anna.key"], arguments].concat());
        self.keep(&answer["item"], name);
        let label = (label_id(self.id(name)), format!("{name}-label"));
        self.names.push(label);
    }

    fn keep(&mut self, id: &Value, name: &str) {
        let id = id.as_str().and_then(|id| id.split_once(':')).expect("an id");
        self.names.push((id.1.to_owned(), name.to_owned()));
    }
}

/// Copies a folder with everything in it.
///
/// # Panics
/// It cannot be copied.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the office can be read") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &target),
            false => {
                fs::copy(&path, &target).expect("the file can be copied");
            }
        }
    }
}

/// The label id of an item with this UUID, by the definition of its check characters and not by a
/// calculation: those two for which the whole, as a polynomial in 36, is 1 modulo 1271.
///
/// # Panics
/// `uuid` is none.
pub fn label_id(uuid: &str) -> String {
    let digits = uuid.replace('-', "").to_uppercase();
    let values = |text: &str| text.chars().map(|c| c.to_digit(36).expect("a digit")).collect();
    let sum = |values: &Vec<u32>| values.iter().fold(0, |sum, value| (sum * 36 + value) % 1271);
    let body: Vec<u32> = values(&digits);
    let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let pairs = alphabet.chars().flat_map(|a| alphabet.chars().map(move |b| format!("{a}{b}")));
    let fits = |pair: &String| sum(&[body.clone(), values(pair)].concat()) == 1;
    let check = pairs.into_iter().find(fits).expect("two characters fit");
    let groups = digits.as_bytes().chunks(4).map(String::from_utf8_lossy);
    groups.map(|group| format!("{group}-")).collect::<String>() + &check
}

/// The names of what lies in a folder, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder can be read");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("a folder can be read").file_name();
        name.into_string().expect("names are text")
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}
