//! Who plays: agencies that take evidence and agencies that examine it, and their people. None of them exists.

use super::seed::Seed;

/// Fewest people of an agency: somebody who works, somebody who keeps, somebody who supervises.
pub const PEOPLE_MIN: usize = 3;

/// Most agencies: as many as found a ledger.
pub const AGENCIES_MAX: usize = 64;

/// Where agencies are: a country, and by how many minutes its clocks are ahead of UTC.
const COUNTRIES: [(&str, &str, u64); 8] = [
    ("NL", "Netherlands", 60),
    ("FR", "France", 60),
    ("PT", "Portugal", 0),
    ("FI", "Finland", 120),
    ("IE", "Ireland", 0),
    ("DE", "Germany", 60),
    ("GR", "Greece", 120),
    ("ES", "Spain", 60),
];

const GIVEN: [&str; 16] = [
    "Ana", "Bram", "Carla", "Dirk", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaisa",
    "Lucas", "Maud", "Nils", "Olga", "Pavel",
];

const FAMILY: [&str; 16] = [
    "Almeida",
    "Bakker",
    "Costa",
    "Dumont",
    "Eriksson",
    "Fischer",
    "Garcia",
    "Hakala",
    "Ivanov",
    "Jansen",
    "Keller",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Oliveira",
    "Papadakis",
];

/// What an agency does with evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trade {
    /// Takes it.
    Police,
    /// Examines it.
    Laboratory,
}

/// What somebody does at their agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Post {
    /// Takes evidence, or examines it.
    Officer,
    /// Keeps the store.
    Keeper,
    /// Answers for corrections, and watches what is disposed of.
    Supervisor,
}

/// An agency.
#[derive(Clone, Debug)]
pub struct Agency {
    /// Its name.
    pub name: String,
    /// Its country's code.
    pub country: &'static str,
    /// By how many minutes its clocks are ahead of UTC.
    pub offset_min: u64,
    /// What it does.
    pub trade: Trade,
    /// Where its people work.
    pub site: String,
}

/// A person: a number in the cast.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// The number of their agency.
    pub agency: usize,
    /// What they do there.
    pub post: Post,
}

/// Everybody, by number.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The agencies; every second one is a laboratory.
    pub agencies: Vec<Agency>,
    /// Their people.
    pub people: Vec<Person>,
}

impl Cast {
    /// `people` people of `agencies` agencies.
    pub fn new(seed: Seed, agencies: usize, people: usize) -> Self {
        let mut dice = seed.dice("cast", 0);
        let person = |number: usize| {
            let name = format!("{} {}", dice.pick(&GIVEN), dice.pick(&FAMILY));
            let (agency, turn) = (number % agencies, number / agencies);
            // Of every six: three who work, two who keep, one who supervises.
            let post = match turn % 6 {
                0 | 3 | 5 => Post::Officer,
                1 | 4 => Post::Keeper,
                _ => Post::Supervisor,
            };
            Person { name, agency, post }
        };
        let people = (0..people).map(person).collect();
        Self { agencies: (0..agencies).map(agency).collect(), people }
    }

    /// The agencies of a trade, by number.
    pub fn agencies_of(&self, trade: Trade) -> Vec<usize> {
        (0..self.agencies.len()).filter(|&agency| self.agencies[agency].trade == trade).collect()
    }

    /// By how many minutes somebody's clock is ahead of UTC.
    pub fn offset_min(&self, person: usize) -> u64 {
        self.agencies[self.people[person].agency].offset_min
    }

    /// Where somebody works.
    pub fn site(&self, person: usize) -> &str {
        &self.agencies[self.people[person].agency].site
    }
}

fn agency(number: usize) -> Agency {
    let (country, land, offset_min) = COUNTRIES[(number / 2 + number) % COUNTRIES.len()];
    let trade = if number.is_multiple_of(2) { Trade::Police } else { Trade::Laboratory };
    let (kind, place) = match trade {
        Trade::Police => ("Police", "station, evidence room"),
        Trade::Laboratory => ("Laboratory", "laboratory, intake"),
    };
    let name = format!("Training {kind} {} of {land}", number / 2 + 1);
    let site = format!("{country} {} {place}", number / 2 + 1);
    Agency { name, country, offset_min, trade, site }
}
