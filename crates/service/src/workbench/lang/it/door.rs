//! The Italian of where one comes in.

use crate::workbench::lang::Door;

impl Door {
    pub(in crate::workbench::lang) const IT: Door = Door {
        sign_in: "Accedi",
        name: "Nome",
        password: "Password",
        rule: "Almeno {n} caratteri: vanno bene alcune parole che non c’entrano l’una con l’altra.",
        again: "La stessa ancora una volta",
        at_work: "Accedi come al lavoro",
        or_password: "Oppure con una password di questo servizio:",
        forgotten: "Dimenticata? Un amministratore può darti un link per sceglierne un’altra.",
        set_up: "Prima configurazione",
        set_up_about: "Sei la prima persona qui. Crea l’amministratore, che poi crea tutti gli altri.",
        set_up_do: "Crea l’amministratore",
        choose: "Scegli una password",
        choose_do: "Scegli questa password",
        signed_in: "Accesso riuscito",
        go_on: "Avanti",
    };
}
