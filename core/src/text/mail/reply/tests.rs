use super::*;
use proptest::prelude::*;

fn new(text: &str) -> String {
    split_reply("Re: Permit", text).new_text
}

#[test]
fn a_reply_above_the_quote_in_many_languages() {
    for introduction in [
        "On Mon, Mar 2, 2026 at 10:00 AM Ana Dias <ana@x.example> wrote:",
        "On Mon, Mar 2, 2026 at 10:00 AM Ana Dias\n<ana@x.example> wrote:",
        "On Mon, Mar 2, 2026 at 10:00 AM\nAna Dias <ana@x.example>\nwrote:",
        "Am 02.03.2026 um 10:00 schrieb Ana Dias <ana@x.example>:",
        "Le lun. 2 mars 2026 à 10:00, Ana Dias <ana@x.example> a écrit :",
        "El lun, 2 mar 2026 a las 10:00, Ana Dias (<ana@x.example>) escribió:",
        "Em seg., 2 de mar. de 2026 às 10:00, Ana Dias <ana@x.example> escreveu:",
        "Il giorno lun 2 mar 2026 alle ore 10:00 Ana Dias <ana@x.example> ha scritto:",
        "Op ma 2 mrt 2026 om 10:00 schreef Ana Dias <ana@x.example>:",
        "Den mån 2 mars 2026 kl 10:00 skrev Ana Dias <ana@x.example>:",
        "Ana Dias <ana@x.example> 于2026年3月2日周一 10:00写道：",
        "Ana Dias wrote:",
        "* Ana Dias <ana@x.example> [2026-03-02 10:00]:",
    ] {
        let parts = split_reply(
            "Re: Permit",
            &format!("It runs out in May.\n\n{introduction}\n\n> When?\n>\n> Ana\n"),
        );
        assert_eq!(parts.new_text, "It runs out in May.", "{introduction}");
        assert!(parts.quoted.ends_with("> Ana") && parts.signature.is_empty());
    }
}

#[test]
fn answers_between_the_quotes_are_kept() {
    let text = "Ana Dias wrote:\n> When?\n\nIn May.\n\n> Where?\nAlfama.\n";
    assert_eq!(new(text), "In May.\n\nAlfama.");
}

#[test]
fn unquoted_originals_and_header_blocks_end_the_new_text() {
    for block in [
        "-----Original Message-----\nFrom: Ana\nWhen?",
        "-----Ursprüngliche Nachricht-----\nVon: Ana\nWann?",
        "________________________________\nFrom: Ana <ana@x.example>\nSent: Monday\nTo: Bo\nSubject: Permit\n\nWhen?",
        "*Von:* Ana\n*Gesendet:* Montag\n*An:* Bo\n*Betreff:* Permit\n\nWann?",
        "On 2 Mar 2026, at 10:00, Ana <ana@x.example> wrote:\n\nWhen?",
    ] {
        assert_eq!(new(&format!("In May.\n\n{block}")), "In May.", "{block}");
    }
}

#[test]
fn forwards_are_new_text() {
    let gmail = "See below.\n\n---------- Forwarded message ---------\nFrom: Ana\nDate: Mon\nSubject: Permit\n\n> old\nText";
    assert_eq!(new(gmail), gmail);
    let outlook = "FYI\n\nFrom: Ana\nSent: Monday\nTo: Bo\nSubject: Permit\n\nWhen?";
    assert_eq!(split_reply("Fwd: Permit", outlook).new_text, outlook);
    assert_eq!(split_reply("Re: Permit", outlook).new_text, "FYI");
}

#[test]
fn signatures_and_footers_are_apart() {
    let text = "In May.\n\nSent from my iPhone\n\n-- \nBo\nProducer\n\n____________________________________\nShoots mailing list\nShoots@x.example\n";
    let parts = split_reply("", text);
    assert_eq!(parts.new_text, "In May.");
    assert!(
        parts.signature.starts_with("Sent from my iPhone") && parts.signature.ends_with("Shoots@x.example")
    );
    assert_eq!(new("Cost\n--\n1 dollar").as_str(), "Cost");
}

#[test]
fn answers_below_an_original_and_rare_quote_marks() {
    assert_eq!(new("-----Original Message-----\nFrom: Ana\n\n> When?\n\nIn May.\n"), "In May.");
    assert_eq!(new("On 2 Mar 2026, Ana wrote:\n\n| When?\n| Where?\n\nIn May.\n"), "In May.");
}

#[test]
fn a_remark_between_introduction_and_quote_does_not_hide_the_answer() {
    assert_eq!(new("On 2 Mar 2026, Ana wrote:\n\n[...]\n> When?\n\nIn May.\n"), "[...]\n\nIn May.");
}

#[test]
fn a_newsletter_is_not_a_footer() {
    let text = format!("News\n{}\nTo unsubscribe see below\n{}", "-".repeat(40), "Story\n".repeat(100));
    assert!(new(&text).ends_with("Story"));
}

#[test]
fn closing_footers_without_a_delimiter_are_apart() {
    let advert = "In May.\n\n_________________________\nJoin the largest mail service.\n";
    assert_eq!(new(advert), "In May.");
    assert_eq!(new("In May.\nhttp://lists.x.example/mailman/listinfo/shoots\n"), "In May.");
    assert_eq!(new("In May.\n\nTo unsubscribe from this group, write to\nx@x.example\n"), "In May.");
}

#[test]
fn nothing_new_means_everything_is() {
    for text in ["> only\n> quotes", "-- \nBo", "Ana wrote:\n> When?"] {
        assert_eq!(new(text), text);
    }
    assert_eq!(split_reply("", " \n"), BodyParts::default());
}

#[test]
fn ordinary_text_is_untouched() {
    for text in [
        "On Monday we wrote:\nnothing",
        "Agenda:\n- permit\n- crew\n\nFrom: airport to hotel\nthen lunch",
        "He said:\n\nthat it is late",
        "a > b is true\nx -> y",
        ">From here on it is mine",
    ] {
        assert_eq!(new(text), text);
    }
}

proptest! {
    #[test]
    fn no_word_is_lost(pieces in prop::collection::vec(prop::sample::select(vec![
        "> q\n", "text\n", "\n", "-- \n", "On Mon 1 Mar 2026 a@b wrote:\n", "From: a\n", "Sent: b\n", "To: c\n",
        "-----Original Message-----\n", "--- Forwarded ---\n", "____________________\n", "mailing list\n", "AB> x\n",
    ]), 0..30)) {
        let text = pieces.concat();
        let parts = split_reply("", &text);
        let count = |text: &str| text.split_whitespace().count();
        prop_assert_eq!(count(&text), count(&parts.new_text) + count(&parts.quoted) + count(&parts.signature));
        prop_assert_eq!(parts.new_text.is_empty(), text.trim().is_empty());
    }

    #[test]
    fn any_text_splits(text: String) {
        let _ = split_reply("", &text);
    }
}
