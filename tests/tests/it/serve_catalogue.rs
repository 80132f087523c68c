//! Lists by the catalogue against a walk over the whole ledger: whoever asks for whatever, whenever, gets just what a walk
//! that asks of every item finds for them.
//!
//! The walk is that of `/v1/subjects`, which knows nothing of the catalogue; what belongs into which list is written here a
//! second time, of the states that it shows.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::custody::{ItemEnd, ItemState, Standing, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use custody_log::decode_subject;
use custody_tests::machine::Machine;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::serve_attacks::Scene;

/// Lets everybody ask as often as they like.
const LIMITS: &str = "[limits]\nper_second = 1000000\nburst = 1000000\n";

const WORDS: [&str; 10] = [
    "held",
    "stored",
    "on-the-way",
    "packed",
    "outside",
    "checked-out",
    "disposed",
    "returned",
    "consumed",
    "split",
];

fn word(state: &ItemState) -> &'static str {
    if let Some(end) = state.end {
        return match end {
            ItemEnd::Disposed => "disposed",
            ItemEnd::Returned => "returned",
            ItemEnd::Consumed => "consumed",
            ItemEnd::Split => "split",
        };
    }
    match state.place {
        _ if state.release.is_some() => "on-the-way",
        Whereabouts::AtHand => "held",
        Whereabouts::Stored => "stored",
        Whereabouts::CheckedOut { .. } => "checked-out",
        Whereabouts::Packed { .. } => "packed",
        Whereabouts::Outside { .. } => "outside",
    }
}

fn get(scene: &Scene, who: &str, path: &str) -> Value {
    let answer = scene.ask_signed(who, "GET", path, b"");
    assert_eq!(answer.status, 200, "{who} {path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v Vec<Value> {
    value[name].as_array().unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// Everything that a walk over all items finds for somebody.
fn walk(scene: &Scene, who: &str) -> Vec<(Uuid, ItemState)> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(scene, who, &format!("/v1/subjects?kind=item{after}"));
        for subject in list(&page, "subjects") {
            let SubjectId::Item(item) = text(subject, "subject").parse().unwrap() else { panic!() };
            let state = STANDARD.decode(text(subject, "state")).unwrap();
            match decode_subject(&[], &state).unwrap().standing {
                Standing::Item(state) => all.push((item, state)),
                other => panic!("{other:?}"),
            }
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

fn name(item: &Uuid) -> String {
    SubjectId::Item(*item).to_string()
}

/// What was compared, so that a test can say that it was something.
#[derive(Default)]
struct Compared {
    /// Lists that had something in them, by the word of their filter.
    full: BTreeMap<String, usize>,
    waiting: usize,
    under_requests: usize,
    ways: usize,
}

/// Compares all that somebody is shown of items with what a walk finds for them.
fn compare(scene: &Scene, who: &str, compared: &mut Compared) {
    let walked = walk(scene, who);
    let whole = whole_list(scene, who, &walked);
    let people = get(scene, who, "/v1/custodians");
    let people: BTreeMap<String, String> = list(&people, "custodians")
        .iter()
        .map(|one| (text(one, "id").to_owned(), text(one, "agency_id").to_owned()))
        .collect();
    compare_lists(scene, who, (&walked, &whole, &people), compared);
    compare_map(scene, who, (&walked, &people), compared);
    compare_requests(scene, who, &walked, compared);
    compare_inbox(scene, who, &walked, compared);
}

/// The unfiltered list, each item as its own page shows it.
fn whole_list(scene: &Scene, who: &str, walked: &[(Uuid, ItemState)]) -> BTreeMap<String, Value> {
    let whole = pages(scene, who, "", 200);
    let ids: Vec<_> = whole.iter().map(|item| text(item, "item").to_owned()).collect();
    assert_eq!(ids, walked.iter().map(|(item, _)| name(item)).collect::<Vec<_>>(), "{who}");
    for item in &whole {
        let shown = get(scene, who, &format!("/v1/items/{}", text(item, "item")));
        for (field, value) in item.as_object().unwrap() {
            assert_eq!(shown[field], *value, "{who} {field}");
        }
    }
    ids.into_iter().zip(whole).collect()
}

fn pages(scene: &Scene, who: &str, query: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(scene, who, &format!("/v1/items?limit={limit}{query}{after}"));
        let items = list(&page, "items").clone();
        let last = items.last().map(|item| item["item"].clone());
        all.extend(items.iter().cloned());
        match page["next"].as_str() {
            None => return all,
            Some(next) => {
                assert_eq!((items.len(), Some(Value::from(next))), (limit, last), "{who} {query}");
                after = format!("&after={next}");
            }
        }
    }
}

type Whole<'w> =
    (&'w [(Uuid, ItemState)], &'w BTreeMap<String, Value>, &'w BTreeMap<String, String>);

fn compare_lists(
    scene: &Scene,
    who: &str,
    (walked, whole, people): Whole<'_>,
    compared: &mut Compared,
) {
    let nobody = "custodian:00000000-0000-4000-8000-000000000000".to_owned();
    let holders = people.keys().chain([&nobody]).map(Some).chain([None]);
    let states = || WORDS.into_iter().map(Some).chain([None]);
    let filters = holders.flat_map(|holder| states().map(move |state| (holder, state)));
    for (at, (holder, state)) in filters.enumerate() {
        let is_it = |known: &ItemState| {
            let id = SubjectId::Custodian(known.holder).to_string();
            holder.is_none_or(|holder| *holder == id) && state.is_none_or(|it| it == word(known))
        };
        let expected: Vec<_> = walked.iter().filter(|(_, state)| is_it(state)).collect();
        let expected: Vec<_> =
            expected.iter().map(|(item, _)| whole[&name(item)].clone()).collect();
        let holder = holder.map(|holder| format!("&holder={holder}")).unwrap_or_default();
        let of = state.map(|state| format!("&state={state}")).unwrap_or_default();
        // Pages that end just there, before and behind, and long ones.
        let most = expected.len();
        let limit =
            [200, most.clamp(1, 200), (most + 1).min(200), (most / 2).clamp(1, 200)][at % 4];
        let found = pages(scene, who, &format!("{holder}{of}"), limit);
        assert_eq!(found, expected, "{who}{holder}{of}, {limit} at a time");
        if !found.is_empty() {
            *compared.full.entry(state.unwrap_or("any").to_owned()).or_default() += 1;
        }
    }
}

fn compare_map(
    scene: &Scene,
    who: &str,
    (walked, people): (&[(Uuid, ItemState)], &BTreeMap<String, String>),
    compared: &mut Compared,
) {
    let agency = |person: Uuid| people[&SubjectId::Custodian(person).to_string()].clone();
    let (mut held, mut ways) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
    for (_, state) in walked {
        match (word(state), &state.release) {
            ("on-the-way", Some(open)) => {
                *ways.entry((agency(state.holder), agency(open.to))).or_default() += 1;
            }
            ("held" | "stored" | "packed" | "checked-out", _) => {
                *held.entry(agency(state.holder)).or_default() += 1;
            }
            _ => {}
        }
    }
    let map = get(scene, who, "/v1/map");
    let owned = |one: &Value, name: &str| text(one, name).to_owned();
    let count = |one: &Value| one["items"].as_u64().unwrap();
    let agencies = list(&map, "agencies").iter();
    let agencies = agencies.map(|one| (owned(one, "agency"), count(one)));
    assert_eq!(agencies.collect::<BTreeMap<_, _>>(), held, "{who}");
    let drawn = list(&map, "ways").iter();
    let drawn = drawn.map(|one| ((owned(one, "from"), owned(one, "to")), count(one)));
    assert_eq!(drawn.collect::<BTreeMap<_, _>>(), ways, "{who}");
    compared.ways += ways.len();
}

fn compare_requests(
    scene: &Scene,
    who: &str,
    walked: &[(Uuid, ItemState)],
    compared: &mut Compared,
) {
    for request in list(&get(scene, who, "/v1/requests"), "requests") {
        let id = text(request, "request");
        let is_under = |state: &ItemState| {
            state.bound.is_some_and(|bound| SubjectId::Request(bound.request).to_string() == id)
        };
        let under: Vec<_> = walked.iter().filter(|(_, state)| is_under(state)).collect();
        let mut counts = BTreeMap::<_, u64>::new();
        for (_, state) in &under {
            *counts.entry(word(state)).or_default() += 1;
        }
        let counts = serde_json::to_value(counts).unwrap();
        assert_eq!(request["counts"], counts, "{who} {id}");
        let shown = get(scene, who, &format!("/v1/requests/{id}"));
        assert_eq!(shown["counts"], counts, "{who} {id}");
        let items: Vec<_> =
            list(&shown, "items").iter().map(|it| text(it, "item").to_owned()).collect();
        assert_eq!(items, under.iter().map(|(item, _)| name(item)).collect::<Vec<_>>());
        compared.under_requests += items.len();
    }
}

fn compare_inbox(scene: &Scene, who: &str, walked: &[(Uuid, ItemState)], compared: &mut Compared) {
    let inbox = get(scene, who, "/v1/inbox");
    let SubjectId::Custodian(me) = text(&inbox["who"], "id").parse().unwrap() else { panic!() };
    let what = |state: &ItemState| match (&state.release, state.place) {
        _ if state.end.is_some() => None,
        (Some(open), _) if open.to == me || open.substitutes.contains(&me) => Some("receive"),
        (Some(_), _) if state.holder == me => Some("sent"),
        (None, Whereabouts::CheckedOut { .. }) if state.holder == me => Some("bring-back"),
        _ => None,
    };
    let expected =
        walked.iter().filter_map(|(item, state)| Some((what(state)?.to_owned(), name(item))));
    let waiting = list(&inbox, "waiting").iter();
    let waiting: Vec<_> = waiting
        .map(|row| (text(row, "what").to_owned(), text(&row["item"], "item").to_owned()))
        .collect();
    compared.waiting += waiting.len();
    assert_eq!(waiting.len(), waiting.iter().collect::<BTreeSet<_>>().len(), "{who}");
    assert_eq!(
        waiting.into_iter().collect::<BTreeSet<_>>(),
        expected.collect::<BTreeSet<_>>(),
        "{who}"
    );
}

/// A training ledger that is served, and somebody of each agency; the last one oversees.
fn training(items: &str) -> (Scene, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    office.ask(&["training", "--out", "training", "--seed", "20261127", "--items", items]);
    let (from, at) = (folder.path().join("training/keys"), folder.path());
    std::fs::remove_dir_all(at.join("ledger")).unwrap();
    std::fs::rename(at.join("training/ledger"), at.join("ledger")).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), at.join(file.file_name())).unwrap();
    }
    let people = office.ask(&["custodian", "list"]);
    let mut of_agency = BTreeMap::<String, Vec<String>>::new();
    for one in list(&people, "custodians") {
        // Some of them have left their keys.
        let name = text(one, "id").replace(':', "-");
        if at.join(format!("{name}.key")).exists() {
            of_agency.entry(text(one, "agency").to_owned()).or_default().push(name);
        }
    }
    let mut people: Vec<_> = of_agency.into_values().map(|mut all| all.swap_remove(0)).collect();
    let overseer = people.last().unwrap().replacen('-', ":", 1);
    people.sort();
    people.retain(|one| one.replacen('-', ":", 1) != overseer);
    people.push(overseer.replace(':', "-"));
    let config = format!("overseers = [\"{overseer}\"]\n{LIMITS}");
    (Scene::of(folder, office, &config), people)
}

#[test]
fn of_a_training_ledger_everybody_is_shown_what_a_walk_finds() {
    let (scene, people) = training("160");
    let mut compared = Compared::default();
    for who in &people {
        compare(&scene, who, &mut compared);
    }
    assert!(people.len() >= 4, "{people:?}");
    let (whole, part) = (walk(&scene, people.last().unwrap()), walk(&scene, &people[0]));
    assert!(whole.len() >= 160 && part.len() < whole.len(), "{} {}", part.len(), whole.len());
    for word in ["any", "held", "stored", "on-the-way", "packed", "disposed"] {
        assert!(compared.full.contains_key(word), "{word}: {:?}", compared.full);
    }
    assert!(compared.under_requests > 0 && compared.ways > 0, "{:?}", compared.full);
}

/// An office with two agencies and a third one, of which Eve is; Cora oversees.
struct Border {
    scene: Scene,
    ids: BTreeMap<&'static str, String>,
}

impl Border {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let office = office().1.copy_to(folder.path());
        let lab = format!("agency:{}", office.id("lab"));
        office.ask(&[
            "agency",
            "enrol",
            "north.card",
            "--key",
            "police.key",
            "--approve",
            &lab,
            "--with-key",
            "lab.key",
            "--with-key",
            "north.key",
            "--with-key",
            "north-recovery.key",
        ]);
        let roles = "releasing,receiving,witness,acting";
        let eve = office.ask(&[
            "custodian",
            "enrol",
            "--name",
            "Eve Holm",
            "--public",
            "eve.pub",
            "--roles",
            roles,
            "--key",
            "north.key",
            "--with-key",
            "eve.key",
        ]);
        let mut ids = BTreeMap::from([("eve", text(&eve, "custodian").to_owned())]);
        for who in ["anna", "ben", "cora", "dora"] {
            ids.insert(who, format!("custodian:{}", office.id(who)));
        }
        for agency in ["police", "lab", "north"] {
            ids.insert(agency, format!("agency:{}", office.id(agency)));
        }
        for item in ["laptop", "image"] {
            ids.insert(item, format!("item:{}", office.id(item)));
        }
        let config = format!("overseers = [\"{}\"]\n{LIMITS}", ids["cora"]);
        Self { scene: Scene::of(folder, office, &config), ids }
    }

    /// Does what `words` say, with ids for names, as `who`; then everybody is shown what a walk finds.
    fn then(&mut self, who: &str, words: &str, compared: &mut Compared) -> Value {
        let machine = Machine::of(&self.scene.office, who, &self.scene.served);
        let words: Vec<_> = words
            .split(' ')
            .map(|word| self.ids.get(word).map_or(word, String::as_str).replace('+', " "))
            .collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let answer = machine.ask(&words);
        for who in ["anna", "ben", "cora", "eve"] {
            compare(&self.scene, who, compared);
        }
        answer
    }

    fn collect(&mut self, who: &str, called: &'static str, words: &str, compared: &mut Compared) {
        let answer = self.then(who, words, compared);
        self.ids.insert(called, text(&answer, "item").to_owned());
    }

    fn is_listed(&self, who: &str, item: &str) -> bool {
        let all = pages(&self.scene, who, "", 200);
        all.iter().any(|one| one["item"] == self.ids[item].as_str())
    }
}

#[test]
fn after_every_act_everybody_is_shown_what_a_walk_finds() {
    let (mut border, mut compared) = (Border::new(), Compared::default());
    let all = &mut compared;
    for who in ["anna", "ben", "cora", "eve"] {
        compare(&border.scene, who, all);
    }
    // A bag at another agency's door: what is in it is seen with it.
    border.collect("anna", "bag", "collect --description bag", all);
    border.then("anna", "pack image --in bag", all);
    assert!(!border.is_listed("ben", "image"));
    border.then("anna", "release bag --to ben --purpose examination", all);
    assert!(border.is_listed("ben", "image"));
    border.then("ben", "receive bag", all);
    // Given to somebody as an exhibit it is not listed, but what is in it is.
    assert!(!border.is_listed("eve", "image"));
    let export =
        "export bag --for customs --purpose trial --recipient-kind north --out bag.exhibit";
    border.then("ben", export, all);
    let disclose = "disclose bag --exhibit bag.exhibit --recipient north --basis mutual-assistance";
    border.then("ben", disclose, all);
    assert!(border.is_listed("eve", "image") && !border.is_listed("eve", "bag"));
    border.then("ben", "unpack image --from bag", all);
    assert!(!border.is_listed("eve", "image"));
    // In storage and out of it, and on the way to somebody whose place others may take.
    border.then("anna", "store laptop --place shelf --condition locked", all);
    let out = "check-out laptop --to ben --purpose examination --with-key ben.key";
    border.then("anna", out, all);
    border.then("ben", "check-in laptop --to anna --with-key anna.key --condition ambient", all);
    let send = "release image --to anna --substitute eve --purpose examination";
    border.then("ben", send, all);
    assert!(border.is_listed("eve", "image"));
    border.then("eve", "receive image", all);
    border.then("eve", "offer image --to anna --purpose return --with-key anna.key", all);
    assert!(border.is_listed("eve", "image") && border.is_listed("ben", "image"));
    // Under a request, and on to a third agency with permission.
    let answer = border.then(
        "ben",
        "request prepare --to police --basis treaty --purpose evidence --instrument x --contact x",
        all,
    );
    border.ids.insert("asked", text(&answer, "request").to_owned());
    border.then("ben", "request transmit asked", all);
    border.then("anna", "request receive asked", all);
    border.collect("anna", "phone", "collect --description phone --request asked", all);
    border.then("anna", "release phone --to ben --purpose transfer --request asked", all);
    border.then("ben", "receive phone", all);
    assert!(!border.is_listed("eve", "phone"));
    let permit = "permit phone --use transfer --to north --authority x --supervisor cora --with-key cora.key";
    border.then("anna", permit, all);
    assert!(border.is_listed("eve", "phone"));
    // Its end, and a start of the server: the catalogue is made anew, and says the same.
    let end = "dispose image --method destroyed --authority x --witness cora --with-key cora.key";
    border.then("anna", end, all);
    let config = format!("overseers = [\"{}\"]\n{LIMITS}", border.ids["cora"]);
    let scene = border.scene.restarted(&config);
    for who in ["anna", "ben", "cora", "eve"] {
        compare(&scene, who, all);
    }
    for word in ["any", "held", "stored", "on-the-way", "packed", "checked-out", "disposed"] {
        assert!(compared.full.contains_key(word), "{word}: {:?}", compared.full);
    }
    assert!(compared.under_requests > 0 && compared.ways > 0 && compared.waiting > 0);
}

#[test]
fn while_others_record_each_answer_is_of_one_tree() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let config = format!("overseers = [\"custodian:{}\"]\n{LIMITS}", office.id("cora"));
    let scene = Scene::of(folder, office, &config);
    let first = get(&scene, "cora", "/v1/items");
    let base = first["size"].as_u64().unwrap() - list(&first, "items").len() as u64;
    // Each entry from here on is one more item of Anna's.
    let expected = |answer: &Value| answer["size"].as_u64().unwrap() - base;
    let police = format!("agency:{}", scene.office.id("police"));
    let anna = format!("/v1/items?holder=custodian:{}", scene.office.id("anna"));
    let is_done = std::sync::atomic::AtomicBool::new(false);
    let order = std::sync::atomic::Ordering::SeqCst;
    let sizes = std::thread::scope(|scope| {
        let ask = |who: &'static str| {
            let (scene, is_done, anna, police) = (&scene, &is_done, &anna, &police);
            let mut sizes = BTreeSet::new();
            while !is_done.load(order) {
                for path in ["/v1/items", "/v1/items?state=held", anna] {
                    let answer = get(scene, who, path);
                    assert_eq!(list(&answer, "items").len() as u64, expected(&answer), "{path}");
                    sizes.insert(expected(&answer));
                }
                let map = get(scene, who, "/v1/map");
                assert_eq!(map["agencies"][0]["agency"], police.as_str());
                assert_eq!(map["agencies"][0]["items"], expected(&map));
            }
            sizes
        };
        let asking = [scope.spawn(move || ask("cora")), scope.spawn(move || ask("anna"))];
        for at in 0..40 {
            let machine = Machine::of(&scene.office, "anna", &scene.served);
            machine.ask(&["collect", "--description", &format!("thing {at}")]);
        }
        is_done.store(true, order);
        asking.map(|one| one.join().unwrap())
    });
    for sizes in sizes {
        assert!(sizes.len() > 5, "{sizes:?}");
    }
}
