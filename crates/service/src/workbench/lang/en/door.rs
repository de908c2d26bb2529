//! What do the pages say where one comes in?

super::texts! {
    /// Where one comes in.
    Door {
        sign_in: "Sign in",
        name: "Name",
        password: "Password",
        rule: "At least {n} characters: a few words that do not belong together are good.",
        again: "The same once more",
        at_work: "Sign in as at work",
        or_password: "Or with a password of this service:",
        forgotten: "Forgotten? An administrator can give you a link to choose another password.",
        set_up: "Set up",
        set_up_about: "You are the first one here. Make the administrator, who then makes everybody else.",
        set_up_do: "Make the administrator",
        choose: "Choose a password",
        choose_do: "Choose this password",
        signed_in: "Signed in",
        go_on: "Go on",
    }
}
