use super::*;
use crate::base::ErrorKind;
use proptest::prelude::*;

fn text(page: &str) -> String {
    convert(page, &Limits::default()).unwrap().text
}

#[test]
fn blocks_lists_and_tables() {
    let page = "<html><head><title>A &amp; B</title><style>p{}</style></head><body><h1>Shoot</h1><p>One\n two<br>three</p>\
        <ul><li>crew<ul><li>sound</ul><li>car</ul><ol start=3><li>x<li>y</ol>\
        <table><tr><th>Day<th>Place</tr><tr><td><p>1</p></td><td><div>Alfama</div></td></tr></table><div>end</div>";
    let read = convert(page, &Limits::default()).unwrap();
    assert_eq!(read.title.as_deref(), Some("A & B"));
    assert_eq!(
        read.text,
        "Shoot\n\nOne two\nthree\n\n- crew\n  - sound\n- car\n\n3. x\n4. y\n\nDay | Place\n1 | Alfama\n\nend"
    );
}

#[test]
fn unseen_things_are_left_out_and_broken_hiding_is_not_believed() {
    assert_eq!(
        text(
            "a<script>if (x<1) '</p>'</script><!-- no --><span style='Display : none'>b<span>c</span></span>d"
        ),
        "ad"
    );
    assert_eq!(text("<div style=display:none>everything"), "everything");
    assert_eq!(text("soft&shy;hyphen&nbsp;&nbsp;x &copy; &#8364;"), "softhyphen x © €");
}

#[test]
fn quotes_are_marked_for_the_reply_splitter() {
    let page = "<div>New</div><div class=gmail_quote>On Mon 2 Mar 2026 Ana &lt;a@x.example&gt; wrote:<br><blockquote type=cite><p>Old</p><p>older</p></blockquote></div>";
    let text = text(page);
    assert_eq!(text, "New\nOn Mon 2 Mar 2026 Ana <a@x.example> wrote:\n\n> Old\n>\n> older");
    assert_eq!(crate::text::mail::split_reply("", &text).new_text, "New");
}

#[test]
fn links_show_their_text_else_their_picture_else_their_target() {
    assert_eq!(text("<a href='http://x.example/'>here</a>"), "here");
    assert_eq!(text("<a href='http://x.example/'><img alt='Map'></a>"), "Map");
    assert_eq!(text("go <a href='http://x.example/'></a> now"), "go http://x.example/ now");
}

#[test]
fn preformatted_text_keeps_its_shape() {
    assert_eq!(text("<pre>\nfn a() {\n    b\n\n}\n</pre>c"), "fn a() {\n    b\n\n}\n\nc");
}

#[test]
fn charsets_are_taken_from_the_page() {
    assert_eq!(decode(b"<meta charset=\"koi8-r\">\xf0", None), "<meta charset=\"koi8-r\">П");
    assert_eq!(
        decode(b"<meta content='text/html; charset=iso-8859-2'>\xb1", None),
        "<meta content='text/html; charset=iso-8859-2'>ą"
    );
}

#[test]
fn hostile_pages_are_quick_and_bounded() {
    for page in [
        "<div>".repeat(100_000) + "x",
        "<blockquote>".repeat(100_000) + "x",
        "<ul><li>x".repeat(100_000),
        "<table><tr><td>x".repeat(50_000),
        format!("<p {}>x", "a ".repeat(200_000)),
        format!("<p {}>x", (0..200_000).map(|i| format!("a{i}=1 ")).collect::<String>()),
        "<script>x</script>".repeat(20_000) + "x",
        "<".repeat(500_000) + "x",
        "&amp".repeat(200_000) + "x",
        "<!--".repeat(200_000) + "-->x",
        "<a href=".repeat(100_000) + ">x",
        "</".repeat(300_000) + "x",
        "<style>".repeat(100_000) + "</style>x",
    ] {
        let _ = convert(&page, &Limits::default());
    }
    let error = convert(&"x".repeat(9 << 20), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

proptest! {
    #[test]
    fn plain_words_survive_any_tags(pieces in prop::collection::vec(prop::sample::select(vec![
        "word ", "<p>", "</p>", "<b>", "<li>", "<ul>", "</ul>", "<td>", "<tr>", "</table>", "<blockquote>", "</div>",
        "<pre>", "</pre>", "<br>", "&lt;", "<a href=x>", "</a>", "<table>",
    ]), 0..60)) {
        let page = pieces.concat();
        let words = pieces.iter().filter(|piece| **piece == "word ").count();
        prop_assert_eq!(text(&page).matches("word").count(), words);
    }

    #[test]
    fn no_tag_keeps_too_many_attributes(page in "(<|>|/|=|\"|'|a| |!|-|script|\n|</){0,400}") {
        let _ = text(&page);
    }
}
