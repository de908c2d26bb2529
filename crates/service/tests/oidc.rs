//! Does a person come in through an identity provider, and only who it really names, in the browser that began?

mod common;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Answer, send, set_up, start};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use ringfence_service::access::Role;
use ringfence_service::http::Web;
use ringfence_service::library::Given;
use ringfence_service::oidc::{ClientSecret, Settings as Oidc};
use ringfence_service::serve::{Service, Settings};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

const SECRET: &str = "planted client secret";
const HERE: &str = "https://rf.example";

/// A provider that signs what it is told to.
struct Provider {
    issuer: String,
    key: EcdsaKeyPair,
    kid: Mutex<String>,
    /// What was asked of it: challenge by code.
    challenges: Mutex<BTreeMap<String, String>>,
    /// What it says for a code.
    tokens: Mutex<BTreeMap<String, String>>,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key")
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encoded(header), encoded(claims));
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn metadata(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
    }))
}

async fn keys(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let point = provider.key.public_key().as_ref();
    let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    let kid = provider.kid.lock().expect("held").clone();
    Json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig", "x": part(1..33), "y": part(33..65) },
    ] }))
}

async fn token(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let basic = format!("Basic {}", STANDARD.encode(format!("ringfence:{}", SECRET.replace(' ', "+"))));
    if headers[header::AUTHORIZATION] != basic {
        return refused("invalid_client");
    }
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    let expected = provider.challenges.lock().expect("held").remove(&form["code"]);
    let fits =
        form["grant_type"] == "authorization_code" && form["redirect_uri"] == format!("{HERE}/oidc/callback");
    if !fits || expected != Some(challenge) {
        return refused("invalid_grant");
    }
    let token = provider.tokens.lock().expect("held").remove(&form["code"]);
    (StatusCode::OK, Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": token })))
}

async fn provider() -> Arc<Provider> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let (challenges, tokens) = (Mutex::default(), Mutex::default());
    let provider =
        Arc::new(Provider { issuer, key: key(), kid: Mutex::new("k1".into()), challenges, tokens });
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .with_state(provider.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    provider
}

fn service(dir: &Path, provider: &Provider) -> Service {
    let roles = [("rf-analysts", Role::Analyst), ("rf-leads", Role::Supervisor), ("rf-ops", Role::Admin)];
    let oidc = Oidc {
        issuer: provider.issuer.clone(),
        client_id: "ringfence".into(),
        client_secret: Some(ClientSecret(SECRET.into())),
        scopes: "openid profile".into(),
        roles_claim: "groups".into(),
        roles: roles.into_iter().map(|(group, role)| (group.to_owned(), role)).collect(),
        name_claim: "preferred_username".into(),
        public_url: HERE.into(),
    };
    assert!(!format!("{oidc:?}").contains(SECRET));
    let web = Web { public_url: Some(HERE.into()), ..Web::default() };
    let settings = Settings { web, oidc: Some(oidc), ..Settings::default() };
    start(dir, &Given::default(), settings).unwrap_or_else(|e| panic!("{e}"))
}

/// Somebody who was sent to the provider.
struct Sent {
    cookie: String,
    query: BTreeMap<String, String>,
}

async fn sent(router: &Router) -> Sent {
    let away = send(router, Method::GET, "/oidc/login", &[], "").await;
    assert_eq!(away.status, StatusCode::SEE_OTHER);
    let to = away.headers[header::LOCATION].to_str().expect("text");
    let query = to.split_once('?').expect("a query").1;
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let set = away.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(set.starts_with("__Host-") && set.contains("HttpOnly; Secure; SameSite=Lax"), "{set}");
    Sent { cookie: set.split(';').next().expect("a pair").to_owned(), query }
}

/// What a true token says.
fn claims(provider: &Provider, sent: &Sent) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    json!({
        "iss": provider.issuer, "aud": "ringfence", "sub": "person-1", "iat": now, "exp": now + 300,
        "nonce": sent.query["nonce"], "preferred_username": "Bobadilla", "groups": ["everybody", "rf-analysts"],
    })
}

impl Provider {
    /// The person proved who they are: the provider sends them back with this code.
    fn knows(&self, sent: &Sent, code: &str, token: String) {
        self.challenges.lock().expect("held").insert(code.into(), sent.query["code_challenge"].clone());
        self.tokens.lock().expect("held").insert(code.into(), token);
    }
    fn says(&self, claims: &Value) -> String {
        signed(&self.key, &json!({ "alg": "ES256", "kid": "k1" }), claims)
    }
}

async fn back(router: &Router, sent: &Sent, code: &str) -> Answer {
    let path = format!("/oidc/callback?code={code}&state={}", sent.query["state"]);
    send(router, Method::GET, &path, &[("cookie", &sent.cookie)], "").await
}

fn session(answer: &Answer) -> Option<String> {
    let mut all = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok());
    let set = all.find(|set| set.starts_with("__Host-ringfence="))?;
    set.split(';').next().map(str::to_owned)
}

async fn me(router: &Router, cookie: &str) -> Value {
    send(router, Method::GET, "/v1/me", &[("cookie", cookie)], "").await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_in_with_the_roles_that_the_provider_names_today() {
    let dir = tempfile::tempdir().expect("a folder");
    let provider = provider().await;
    let service = service(dir.path(), &provider);
    let router = service.router();
    let (ada, _) = set_up(&service, &router).await;
    let first = sent(&router).await;
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "ringfence"),
        ("code_challenge_method", "S256"),
        ("scope", "openid profile"),
    ] {
        assert_eq!(first.query[name], value);
    }
    provider.knows(&first, "c1", provider.says(&claims(&provider, &first)));
    let entered = back(&router, &first, "c1").await;
    assert_eq!(entered.status, StatusCode::OK, "{}", String::from_utf8_lossy(&entered.bytes));
    let known = me(&router, &session(&entered).expect("a session")).await;
    assert_eq!((&known["roles"], &known["user"]["name"]), (&json!(["analyst"]), &json!("Bobadilla")));
    assert_eq!(known["user"]["subject"]["subject"], "person-1");
    // The same way is not gone twice.
    assert_eq!(back(&router, &first, "c1").await.status, StatusCode::FORBIDDEN);
    // Other groups the next time; the same user, whatever the name is now.
    let again = sent(&router).await;
    let mut said = claims(&provider, &again);
    (said["groups"], said["preferred_username"]) = (json!("rf-leads"), json!("Ada"));
    provider.knows(&again, "c2", provider.says(&said));
    let entered = back(&router, &again, "c2").await;
    let then = me(&router, &session(&entered).expect("a session")).await;
    assert_eq!((&then["user"]["id"], &then["roles"]), (&known["user"]["id"], &json!(["supervisor"])));
    // Somebody else with the name of a user is somebody else.
    let other = sent(&router).await;
    let mut said = claims(&provider, &other);
    (said["sub"], said["preferred_username"]) = (json!("person-2"), json!("Ada"));
    provider.knows(&other, "c3", provider.says(&said));
    let entered = back(&router, &other, "c3").await;
    let third = me(&router, &session(&entered).expect("a session")).await;
    assert_ne!(third["user"]["id"], json!(ada.user));
    assert!(third["user"]["name"].as_str().is_some_and(|name| name.starts_with("Ada ")));
    // They have no password here, and get none.
    let reset = ada
        .post(&format!("/v1/users/{}/reset", third["user"]["id"].as_str().expect("an id")), json!({}))
        .await;
    assert_eq!(reset.status, StatusCode::BAD_REQUEST);
    let trail = ada.get("/v1/audit").await;
    let text = String::from_utf8(trail.bytes).expect("text");
    assert!(!text.contains("user_reset"), "what was refused is not recorded: {text}");
    assert!(
        text.contains("\"by\":\"oidc\"") && !text.contains("Bobadilla") && !text.contains("person-1"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_true_or_not_for_here_lets_nobody_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let provider = provider().await;
    let service = service(dir.path(), &provider);
    let router = service.router();
    let header = json!({ "alg": "ES256", "kid": "k1" });
    let stranger = key();
    let with = |name: &'static str, value: Value| {
        move |provider: &Provider, mut claims: Value| {
            claims[name] = value.clone();
            provider.says(&claims)
        }
    };
    let past = 1_000_000_000;
    type Forge = Box<dyn Fn(&Provider, Value) -> String>;
    let forged: Vec<(&str, Forge)> = vec![
        ("another nonce", Box::new(with("nonce", json!("0")))),
        ("another issuer", Box::new(with("iss", json!("https://evil.example")))),
        ("another audience", Box::new(with("aud", json!("another")))),
        ("made for another of several", Box::new(with("azp", json!("another")))),
        ("several, and none named", Box::new(with("aud", json!(["ringfence", "another"])))),
        ("old", Box::new(with("exp", json!(past)))),
        ("nobody", Box::new(with("sub", Value::Null))),
        ("no group of ours", Box::new(with("groups", json!(["everybody"])))),
        ("groups that are no texts", Box::new(with("groups", json!({ "rf-ops": true })))),
        ("another key", {
            let header = header.clone();
            Box::new(move |_, claims| signed(&stranger, &header, &claims))
        }),
        (
            "an unknown key",
            Box::new(|p, claims| signed(&p.key, &json!({ "alg": "ES256", "kid": "k9" }), &claims)),
        ),
        (
            "not signed",
            Box::new(|_, claims| format!("{}.{}.", encoded(&json!({ "alg": "none" })), encoded(&claims))),
        ),
        (
            "signed as with a shared secret",
            Box::new(|p, claims| signed(&p.key, &json!({ "alg": "HS256", "kid": "k1" }), &claims)),
        ),
        (
            "as if by RSA",
            Box::new(|p, claims| signed(&p.key, &json!({ "alg": "RS256", "kid": "k1" }), &claims)),
        ),
        ("no token", Box::new(|_, _| "x".into())),
    ];
    for (n, (what, forge)) in forged.iter().enumerate() {
        let sent = sent(&router).await;
        let code = format!("f{n}");
        provider.knows(&sent, &code, forge(&provider, claims(&provider, &sent)));
        let answer = back(&router, &sent, &code).await;
        assert_eq!((answer.status, session(&answer)), (StatusCode::FORBIDDEN, None), "{what}");
    }
    // A true token, in a browser that did not begin, for another state, or with a code that the provider does not know.
    let (begun, other) = (sent(&router).await, sent(&router).await);
    provider.knows(&begun, "t", provider.says(&claims(&provider, &begun)));
    let path = format!("/oidc/callback?code=t&state={}", begun.query["state"]);
    for cookie in ["", other.cookie.as_str()] {
        let answer = send(&router, Method::GET, &path, &[("cookie", cookie)], "").await;
        assert_eq!((answer.status, session(&answer)), (StatusCode::FORBIDDEN, None));
    }
    assert_eq!(back(&router, &other, "unknown").await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(back(&router, &begun, "t").await.status, StatusCode::OK, "and so it was the browser");
    let said = send(
        &router,
        Method::GET,
        "/oidc/callback?error=access_denied%3Cb%3E&state=0",
        &[("cookie", "__Host-ringfence-way-in=0")],
        "",
    )
    .await;
    let text = String::from_utf8(said.bytes).expect("text");
    assert!(said.status == StatusCode::FORBIDDEN && text.contains("access_denied&lt;b&gt;"), "{text}");
}
