use super::*;
use proptest::prelude::*;

/// Texts as programs and people write them, and the link in each.
const ONE_MEETING: &[(&str, &str)] = &[
    // Meet.
    ("https://meet.google.com/abc-defg-hij", "https://meet.google.com/abc-defg-hij"),
    ("http://meet.google.com/abc-defg-hij?authuser=0&pli=1", "https://meet.google.com/abc-defg-hij"),
    ("HTTPS://Meet.Google.com/ABC-DEFG-HIJ#x", "https://meet.google.com/abc-defg-hij"),
    ("meet.google.com/abc-defg-hij/", "https://meet.google.com/abc-defg-hij"),
    ("https://meet.google.com/lookup/weekly-crew", "https://meet.google.com/lookup/weekly-crew"),
    (
        "Video call link: https://meet.google.com/abc-defg-hij\nOr dial: \u{202a}(US) +1 646-555-0100\u{202c} PIN: \u{202a}123\u{202c}#\nMore phone numbers: https://tel.meet/abc-defg-hij?pin=123",
        "https://meet.google.com/abc-defg-hij",
    ),
    // Zoom.
    ("https://zoom.us/j/93712345678", "https://zoom.us/j/93712345678"),
    (
        "https://us02web.zoom.us/j/93712345678?pwd=a1B2.1&from=addon",
        "https://us02web.zoom.us/j/93712345678?pwd=a1B2.1",
    ),
    (
        "https://tideline-films.zoom.us/w/93712345678?tk=Ab_-.DQ&pwd=x&uuid=WN_1",
        "https://tideline-films.zoom.us/w/93712345678?tk=Ab_-.DQ&pwd=x",
    ),
    ("https://zoom.us/my/ana.nunes?pwd=", "https://zoom.us/my/ana.nunes"),
    ("https://zoom.us/s/93712345678#success", "https://zoom.us/s/93712345678"),
    ("https://us06web.zoom.com/j/93712345678", "https://us06web.zoom.com/j/93712345678"),
    ("https://agency.zoomgov.com/j/1612345678", "https://agency.zoomgov.com/j/1612345678"),
    (
        "Ana is inviting you to a scheduled Zoom meeting.\n\nJoin Zoom Meeting\nhttps://us02web.zoom.us/j/81234567890?pwd=QkRn\n\nMeeting ID: 812 3456 7890\nPasscode: 424242\nOne tap mobile\n+13465550100,,81234567890#,,,,*424242# US (Houston)\n\nJoin by SIP\n81234567890@zoomcrc.com\n\nFind your local number: https://us02web.zoom.us/u/kdXyz",
        "https://us02web.zoom.us/j/81234567890?pwd=QkRn",
    ),
    (
        "<p>Join <a href=\"https://us02web.zoom.us/j/81234567890?pwd=QkRn&amp;from=x\" target=\"_blank\">https://us02web.zoom.us/j/81234567890</a></p>",
        "https://us02web.zoom.us/j/81234567890?pwd=QkRn",
    ),
    ("Zoom (https://zoom.us/j/93712345678).", "https://zoom.us/j/93712345678"),
    ("[Join](https://zoom.us/j/93712345678?pwd=x), see you", "https://zoom.us/j/93712345678?pwd=x"),
    ("Zoom：https://zoom.us/j/93712345678。よろしく", "https://zoom.us/j/93712345678"),
    ("zoom.us/j/93712345678", "https://zoom.us/j/93712345678"),
    // Teams.
    (
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NzA%40thread.v2/0?context=%7b%22Tid%22%3a%22f0%22%2c%22Oid%22%3a%22e1%22%7d",
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NzA%40thread.v2/0?context=%7b%22Tid%22%3a%22f0%22%2c%22Oid%22%3a%22e1%22%7d",
    ),
    (
        "Microsoft Teams meeting\nJoin on your computer\nClick here to join the meeting <https://teams.microsoft.com/l/meetup-join/19%3ameeting_NzA%40thread.v2/0?context=%7b%22Tid%22%3a%22f0%22%7d>\nLearn More <https://www.microsoft.com/microsoft-teams/join-a-meeting> | Meeting options <https://teams.microsoft.com/meetingOptions/?organizerId=e1>",
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NzA%40thread.v2/0?context=%7b%22Tid%22%3a%22f0%22%7d",
    ),
    (
        "Join: https://teams.microsoft.com/meet/23456789012345?p=aBcDeF Meeting ID: 234 567 890 123 45",
        "https://teams.microsoft.com/meet/23456789012345?p=aBcDeF",
    ),
    ("https://teams.live.com/meet/9345678901234?p=xYz", "https://teams.live.com/meet/9345678901234?p=xYz"),
    // Webex.
    ("https://tideline.webex.com/meet/ana", "https://tideline.webex.com/meet/ana"),
    (
        "https://tideline.webex.com/tideline/j.php?MTID=m1a2b3",
        "https://tideline.webex.com/tideline/j.php?MTID=m1a2b3",
    ),
    (
        "https://tideline.webex.com/wbxmjs/joinservice/sites/tideline/meeting/download/1a2b?siteurl=tideline",
        "https://tideline.webex.com/wbxmjs/joinservice/sites/tideline/meeting/download/1a2b?siteurl=tideline",
    ),
    (
        "https://tideline.webex.com/join/ana Or sip:ana@tideline.webex.com",
        "https://tideline.webex.com/join/ana",
    ),
    // Wrapped.
    (
        "<a href=\"https://www.google.com/url?q=https://zoom.us/j/93712345678?pwd%3DaB&amp;sa=D&amp;source=calendar&amp;usg=AOv\">Zoom</a>",
        "https://zoom.us/j/93712345678?pwd=aB",
    ),
    (
        "https://www.google.com/url?sa=D&url=https%3A%2F%2Fmeet.google.com%2Fabc-defg-hij&q=",
        "https://meet.google.com/abc-defg-hij",
    ),
    (
        "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fus02web.zoom.us%2Fj%2F81234567890%3Fpwd%3DQkRn&data=05%7C01%7C&sdata=x%3D&reserved=0",
        "https://us02web.zoom.us/j/81234567890?pwd=QkRn",
    ),
    (
        "https://eur01.safelinks.protection.outlook.com/ap/t-59584e83/?url=https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F19%253ameeting_NzA%2540thread.v2%2F0%3Fcontext%3D%257b%2522Tid%2522%253a%2522f0%2522%257d&data=05%7C02",
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NzA%40thread.v2/0?context=%7b%22Tid%22%3a%22f0%22%7d",
    ),
    (
        "https://www.google.com/url?q=https%3A%2F%2Fnam02.safelinks.protection.outlook.com%2F%3Furl%3Dhttps%253A%252F%252Fzoom.us%252Fj%252F93712345678%26data%3D05",
        "https://zoom.us/j/93712345678",
    ),
    (
        "https://tracker.example/click?to=https%253A%252F%252Fzoom.us%252Fj%252F93712345678%253Fpwd%253Dx",
        "https://zoom.us/j/93712345678?pwd=x",
    ),
    // The same meeting several times.
    (
        "https://zoom.us/j/93712345678 or https://us02web.zoom.us/j/93712345678?pwd=x",
        "https://us02web.zoom.us/j/93712345678?pwd=x",
    ),
    (
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_A%40thread.v2/0 https://teams.microsoft.com/l/meetup-join/19:meeting_A@thread.v2/0?context=c",
        "https://teams.microsoft.com/l/meetup-join/19:meeting_A@thread.v2/0?context=c",
    ),
];

const NO_MEETING: &[&str] = &[
    "",
    "Room 4, 3rd floor",
    // Two meetings.
    "https://zoom.us/j/93712345678 https://meet.google.com/abc-defg-hij",
    "https://meet.google.com/abc-defg-hij https://meet.google.com/abc-defg-hik",
    "https://zoom.us/j/93712345678 https%3A%2F%2Fzoom.us%2Fj%2F1",
    "https://www.google.com/url?q=https://zoom.us/j/1&sa=D https://zoom.us/j/2",
    // No web address.
    "tel:+1-646-555-0100",
    "sip:93712345678@zoom.us/j/93712345678",
    "sip:ana@tideline.webex.com/meet/ana",
    "ftp://zoom.us/j/93712345678",
    "zoommtg://zoom.us/join?confno=93712345678",
    // Hosts that look alike.
    "https://zoom.us.evil.example/j/93712345678",
    "https://evilzoom.us/j/93712345678",
    "https://zoomzoom.us/j/93712345678",
    "https://a.b.zoom.us/j/93712345678",
    "https://zoom.us@evil.example/j/93712345678",
    "https://evil.example/zoom.us/j/93712345678",
    "https://evil.example/?to=zoom.us/j/93712345678&zoom.us/j/93712345678",
    "https://evil.example@zoom.us/j/93712345678",
    "https://zoom.us:8443/j/93712345678",
    "https://meet.google.com.evil.example/abc-defg-hij",
    "https://notteams.microsoft.com/meet/23456789012345?p=a",
    "https://webex.com/meet/ana",
    "https://evilwebex.com/meet/ana",
    "https://safelinks.protection.outlook.com.evil.example/?url=https%3A%2F%2Fmeet.example",
    // Other pages of the same hosts.
    "https://zoom.us/u/kdXyz https://zoom.us/rec/share/x https://zoom.us/j/ https://zoom.us/j/a%20b",
    "https://meet.google.com/ https://meet.google.com/new https://meet.google.com/abcd-efg-hij",
    "https://teams.microsoft.com/l/meetup-join/ https://teams.microsoft.com/meetingOptions/?x=1",
    "https://tideline.webex.com/tideline/globalcallin.php?MTID=m1 https://tideline.webex.com/meet/",
    "https://www.google.com/search?q=https://zoom.us/ https://www.google.com/url?q=https://example.com",
];

#[test]
fn the_link_is_found_however_it_is_written() {
    for (text, link) in ONE_MEETING {
        assert_eq!(meeting_link(text).as_deref(), Some(*link), "{text}");
    }
}

#[test]
fn what_leads_to_no_meeting_or_to_two_is_none() {
    for text in NO_MEETING {
        assert_eq!(meeting_link(text), None, "{text}");
    }
}

#[test]
fn hostile_texts_take_no_longer_than_others() {
    for piece in [
        "zoom.us",
        "zoom.us/",
        "https://zoom.us/j/1%25",
        "www.google.com/url?q=",
        "%2525",
        "&#x26",
        "a.",
        "()",
    ] {
        let _ = meeting_link(&piece.repeat(1 << 20));
    }
    let nested = (0..40).fold("https://zoom.us/j/1".to_owned(), |inner, _| {
        format!("https://www.google.com/url?q={}", inner.replace('%', "%25").replace('&', "%26"))
    });
    assert_eq!(meeting_link(&nested), None, "unwrapped so often and no more");
}

proptest! {
    #[test]
    fn a_link_is_a_safe_address_and_its_own_link(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "https://", "http://", "zoom.us", "us02web.", "/j/", "/my/", "123", "?pwd=", "&tk=", "%2F", "%253A", "%", "meet.google.com",
            "/abc-defg-hij", "teams.microsoft.com", "/l/meetup-join/", "/meet/", "tideline.webex.com", "/j.php?MTID=", " ", "<", "\"",
            "https://www.google.com/url?q=", "x.safelinks.protection.outlook.com/?url=", "&amp;", "é", "(", ")", ".", "@", "#", "&",
        ]), 0..24),
    ) {
        if let Some(link) = meeting_link(&pieces.concat()) {
            prop_assert!(link.starts_with("https://"));
            let is_safe = |c: char| c.is_ascii_graphic() && !"<>\"'`\\^{}|".contains(c);
            prop_assert!(link.chars().all(is_safe));
            prop_assert_eq!(meeting_link(&link), Some(link));
        }
    }

    #[test]
    fn any_text_will_do(text in any::<String>()) {
        let _ = meeting_link(&text);
    }

    #[test]
    fn what_stands_around_a_link_does_not_matter(before in "[a-z éß,.\n]{0,20}", after in "([.,)]{0,2}[ \n]|[<\"])[a-z éß,.\n]{0,20}") {
        let text = format!("{before} https://zoom.us/j/93712345678?pwd=aB{after}");
        let link = meeting_link(&text);
        prop_assert_eq!(link.as_deref(), Some("https://zoom.us/j/93712345678?pwd=aB"));
    }
}
