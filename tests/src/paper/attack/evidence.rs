//! Evidence files that are not the item itself: kin of it, and strangers that an exporter added.

use custody_core::cbor::Value;
use custody_core::exhibit::ContentsOpening;
use custody_core::hash::{Hash, sha256};
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::verify::LineId::EvidenceFiles;

use super::exhibit::Case;
use crate::paper::story::{IMAGE, Story};
use crate::paper::{PaperExhibit, uuid};

/// The other file of these vectors, and what it holds.
const OTHER: &str = "evidence/another-file.raw";
const OTHER_FILE: &[u8] = b"another file";
const IMAGE_AND_OTHER: [&str; 2] = [super::exhibit::EVIDENCE, OTHER];

/// All of them.
pub fn cases() -> Vec<Case> {
    [kin(), both(), strangers()].concat()
}

fn related(name: &str, desc: &str, exhibit: PaperExhibit) -> Case {
    let case = Case::verified(name, desc, exhibit.encode());
    case.with_line(EvidenceFiles, "evidence/related-only")
}

fn kin() -> Vec<Case> {
    vec![
        related(
            "happy-path-file-of-the-parent",
            "the file is the image, the exhibit that of an extract from it",
            {
                let story = extracted();
                story.exhibit_of(uuid("extract"), &story.cast.caro)
            },
        ),
        related(
            "happy-path-file-made-from-the-item",
            "the file was extracted from the image that the exhibit is about",
            extracted().exhibit(),
        )
        .evidence(&[OTHER]),
        related(
            "happy-path-file-made-from-the-parent",
            "the file was made from the disk, like the image that the exhibit is about",
            {
                let mut story = Story::whole();
                let (cast, second) = (&story.cast, uuid("second image"));
                let page = story.ledger.derive(&cast.caro, story.disk, second, OTHER_FILE);
                story.ledger.write(&page);
                story.exhibit()
            },
        )
        .evidence(&[OTHER]),
        related("happy-path-file-attached", "the file is a document attached to a remark", {
            let mut story = Story::whole();
            let page = story.ledger.note(&story.cast.caro, story.disk);
            let file = document(&sha256(OTHER_FILE));
            story.ledger.write(&page.attach("text/plain", OTHER_FILE.len() as u64, &file));
            story.exhibit()
        })
        .evidence(&[OTHER]),
    ]
}

fn both() -> Vec<Case> {
    vec![
        Case::verified(
            "happy-path-item-beside-related",
            "one file is the image, another was extracted from it",
            extracted().exhibit().encode(),
        )
        .with_line(EvidenceFiles, "ok")
        .evidence(&IMAGE_AND_OTHER),
        Case::verified(
            "happy-path-item-attached-too",
            "the file is a document attached to the seizure of the disk, and the image",
            {
                let mut story = Story::whole();
                let page = story.ledger.note(&story.cast.caro, story.image);
                let file = document(&sha256(IMAGE));
                story.ledger.write(&page.attach("text/plain", IMAGE.len() as u64, &file));
                story.exhibit().encode()
            },
        )
        .with_line(EvidenceFiles, "ok"),
    ]
}

fn strangers() -> Vec<Case> {
    let stranger = |name, desc, file| {
        Case::rejected(name, desc, EvidenceFiles, "evidence/no-match", file)
            .evidence(&IMAGE_AND_OTHER)
    };
    vec![
        stranger(
            "evidence-of-an-added-item",
            "one file is another item's, whose history is here",
            {
                let mut story = Story::whole();
                let page = story.ledger.collect_file(&story.cast.wim, uuid("a file"), OTHER_FILE);
                story.ledger.write(&page);
                let mut exhibit = story.exhibit();
                add_subject(&mut exhibit, &story, SubjectId::Item(uuid("a file")));
                exhibit.encode()
            },
        ),
        stranger(
            "evidence-attached-elsewhere",
            "one file is attached to a custodian's enrolment",
            {
                let mut story = Story::enrolled();
                let (cast, disk, image) = (&story.cast, story.disk, story.image);
                let ledger = &mut story.ledger;
                let person = crate::paper::Person::new("eva", &cast.south);
                let page = ledger.custodian_enrol(&cast.south, &person);
                let file = document(&sha256(OTHER_FILE));
                ledger.write(&page.attach("text/plain", OTHER_FILE.len() as u64, &file));
                ledger.write(&ledger.collect(&person, disk));
                ledger.write(&ledger.derive(&person, disk, image, IMAGE));
                story.exhibit_of(image, &person).encode()
            },
        ),
    ]
}

/// The whole story, and an extract that is made from the image.
fn extracted() -> Story {
    let mut story = Story::whole();
    let (caro, extract) = (&story.cast.caro, uuid("extract"));
    let page = story.ledger.derive(caro, story.image, extract, OTHER_FILE);
    story.ledger.write(&page);
    story
}

/// What is sealed of a document.
fn document(digest: &Hash) -> Value {
    Value::array([Value::text("file"), Value::array([Value::Int(-16), Value::bytes(digest)])])
}

/// Puts another subject's whole history into the exhibit, as its exporter may.
fn add_subject(exhibit: &mut PaperExhibit, story: &Story, subject: SubjectId) {
    let ledger = &story.ledger;
    let all = [subject.clone()].into();
    for placed in ledger.records_of(&all) {
        let LeafIndex(index) = placed.index;
        let openings = ledger.openings[index as usize].iter().cloned();
        let openings = openings.map(|opening| ContentsOpening { index: placed.index, opening });
        exhibit.contents.openings.extend(openings);
        exhibit.contents.records.push(placed);
    }
    exhibit.contents.subjects.push(ledger.lookup(subject));
    exhibit.contents.records.sort_by_key(|placed| placed.index);
    exhibit.contents.subjects.sort_by(|left, right| left.subject.cmp(&right.subject));
    exhibit.contents.openings.sort_by_key(|known| known.index);
    exhibit.prove(ledger);
}
