/** The group that every user is in: it carries what everybody may use, and launches nothing. */
export const EVERYONE = "everyone";
/** Realm role of those who administer the platform. */
export const ADMIN_ROLE = "carrel-admin";
