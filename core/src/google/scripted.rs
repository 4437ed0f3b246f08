//! Google as a test has it answer: from a list, or by a rule. Keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;

use super::api::{Api, ApiFailure, ApiRefusal, ApiRequest, ApiResponse, Payload};
use super::endpoints::GoogleEndpoints;

pub(super) type Answer = Result<ApiResponse, ApiFailure>;
type Rule = Box<dyn Fn(&ApiRequest) -> Answer + Send + Sync>;

pub(super) struct Scripted {
    endpoints: GoogleEndpoints,
    rule: Rule,
    asked: Mutex<Vec<ApiRequest>>,
}

impl Scripted {
    /// Answers by a rule, in whatever order it is asked.
    pub(super) fn by(rule: impl Fn(&ApiRequest) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            endpoints: GoogleEndpoints::default(),
            rule: Box::new(rule),
            asked: Mutex::default(),
        })
    }

    /// Answers one after the other; fails the test when it is asked once more.
    pub(super) fn list(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let answers: Mutex<VecDeque<Answer>> = Mutex::new(answers.into_iter().collect());
        Self::by(move |request| {
            let next = answers.lock().unwrap().pop_front();
            next.unwrap_or_else(|| panic!("nothing is left to answer {} {}", request.operation, request.url))
        })
    }

    /// What it was asked so far.
    pub(super) fn asked(&self) -> Vec<ApiRequest> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Api for Scripted {
    fn endpoints(&self) -> &GoogleEndpoints {
        &self.endpoints
    }

    async fn call(&self, request: ApiRequest) -> Result<ApiResponse, ApiFailure> {
        self.asked.lock().unwrap().push(request.clone());
        (self.rule)(&request)
    }
}

/// The value of a query's key; fails the test when it is there twice.
pub(super) fn query<'a>(request: &'a ApiRequest, key: &str) -> Option<&'a str> {
    let mut values = request.query.iter().filter(|(known, _)| *known == key).map(|(_, value)| value.as_str());
    let value = values.next();
    assert!(values.next().is_none(), "{key} is there twice");
    value
}

/// The JSON that a request sends.
pub(super) fn sent(request: &ApiRequest) -> &Value {
    match &request.payload {
        Payload::Json(value) => value,
        _ => panic!("{} sends no JSON", request.operation),
    }
}

/// An answer of JSON.
#[expect(clippy::unnecessary_wraps, reason = "it is an answer like any other")]
pub(super) fn json(body: Value) -> Answer {
    Ok(ApiResponse { headers: Vec::new(), body: body.to_string().into_bytes() })
}

/// An answer of bytes.
#[expect(clippy::unnecessary_wraps, reason = "it is an answer like any other")]
pub(super) fn bytes(content_type: &str, body: &[u8]) -> Answer {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Ok(ApiResponse { headers, body: body.to_vec() })
}

/// A refusal.
pub(super) fn refused(status: u16, reason: &str, message: &str) -> Answer {
    Err(ApiFailure::Refused(ApiRefusal {
        operation: "test.call",
        status,
        reason: reason.to_owned(),
        message: message.to_owned(),
    }))
}
