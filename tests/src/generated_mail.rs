//! Small made-up mails: numbered, the same on every run, and of every kind that intake
//! treats differently (new, reply, forward, attachment, automatic).

use besunny::ProjectFields;

/// A word that every generated mail and attachment has, so that a search for it finds all.
pub const COMMON_WORD: &str = "ledgerline";

const PEOPLE: [&str; 4] = [
    "Marta Nunes <marta@tideline.example>",
    "Otto Brandt <otto@kiln.example>",
    "Rui Sousa <rui@tideline.example>",
    "Ines Faria <ines@orchard.example>",
];
const TOPICS: [&str; 6] = [
    "the drone permit for Alfama",
    "glaze tests in the new kiln",
    "the orchard menu and its prices",
    "a van for the crew on Monday",
    "LX-204 call sheet",
    "nothing that belongs anywhere",
];

/// The projects that the mails are about.
pub fn projects() -> Vec<ProjectFields> {
    let mut lisbon = ProjectFields::named("Lisbon shoot");
    lisbon.keywords = vec!["drone permit".into(), "Alfama".into()];
    lisbon.codes = vec!["LX-204".into()];
    lisbon.domains = vec!["tideline.example".into()];
    let mut kiln = ProjectFields::named("Kiln film");
    kiln.keywords = vec!["glaze".into(), "kiln".into()];
    kiln.people = vec!["Otto Brandt <otto@kiln.example>".into()];
    let mut orchard = ProjectFields::named("Orchard menu");
    orchard.description = "Food photographs for a restaurant among apple trees.".into();
    vec![lisbon, kiln, orchard]
}

/// The Message-ID of a mail, without angle brackets.
pub fn message_id(number: usize) -> String {
    format!("generated-{number}@mail.example")
}

/// Whether the mail brings a text that becomes a document.
pub fn has_attachment(number: usize) -> bool {
    number % 7 == 3
}

/// Whether the user says where the mail belongs, and to which of [`projects`].
pub fn correction(number: usize) -> Option<usize> {
    (number % 17 == 5).then_some(number / 17 % 3)
}

/// The raw mail.
pub fn mail(number: usize) -> Vec<u8> {
    let sender = PEOPLE[number * 5 % PEOPLE.len()];
    let topic = TOPICS[number * 7 % TOPICS.len()];
    let (day, hour) = (number % 27 + 1, number % 24);
    let id = message_id(number);
    let mut head = format!(
        "From: {sender}\r\nTo: ai+ana@besunny.ai\r\nMessage-ID: <{id}>\r\n\
         Date: {day} Mar 2026 {hour:02}:00:00 +0000\r\n"
    );
    let mut body = format!("Note {number} about {topic}, {COMMON_WORD} item{number:04}.\r\n");
    if number % 5 == 4 {
        let earlier = message_id(number - 3);
        head.push_str(&format!("Subject: Re: {topic}\r\nIn-Reply-To: <{earlier}>\r\n"));
        body.push_str("\r\nOn Monday, Marta Nunes <marta@tideline.example> wrote:\r\n> What about it?\r\n");
    } else {
        head.push_str(&format!("Subject: {topic}, {number}\r\n"));
    }
    if number % 11 == 9 {
        head.push_str("Auto-Submitted: auto-replied\r\n");
    }
    if has_attachment(number) {
        let csv = format!("what,cost\r\n{COMMON_WORD} sheet{number:04},{number}\r\n");
        return format!(
            "{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n\
             --cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n\
             --cut\r\nContent-Type: text/csv; name=costs.csv\r\n\
             Content-Disposition: attachment; filename=costs.csv\r\n\r\n{csv}\r\n--cut--\r\n"
        )
        .into_bytes();
    }
    format!("{head}\r\n{body}").into_bytes()
}
