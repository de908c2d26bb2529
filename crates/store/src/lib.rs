//! Where does it stay? Event files and packed logs.
