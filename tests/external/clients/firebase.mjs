// A page with Firebase's SDK for the web; only the emulator's address is set.
import { initializeApp } from "firebase/app";
import * as firebase from "firebase/auth";

function connect(url) {
  const auth = firebase.getAuth(initializeApp({ apiKey: "local", projectId: "demo-clevora" }));
  firebase.connectAuthEmulator(auth, url, { disableWarnings: true });
  return auth;
}

const described = (user) => ({
  uid: user.uid,
  email: user.email,
  name: user.displayName,
  picture: user.photoURL,
  anonymous: user.isAnonymous,
  providers: user.providerData.map((provider) => provider.providerId),
});

// Returns the code of the error of `attempt`, null without one.
const codeOf = (attempt) =>
  attempt.then(
    () => null,
    (error) => error.code,
  );

const advance = (url, seconds) =>
  fetch(`${url}/__mock/clock`, { method: "PATCH", body: JSON.stringify({ advance: seconds }) });

// Signs up, out and in, reloads and refreshes; returns the user after each step.
export async function signUp({ url, email, password }) {
  const auth = connect(url);
  const states = [];
  firebase.onAuthStateChanged(auth, (user) => states.push(user && user.uid));
  const { user: first } = await firebase.createUserWithEmailAndPassword(auth, email, password);
  await firebase.signOut(auth);
  const { user } = await firebase.signInWithEmailAndPassword(auth, email, password);
  await user.reload();
  const token = await user.getIdToken();
  const { token: fresh, claims, signInProvider } = await user.getIdTokenResult(true);
  return { first: described(first), second: described(user), token, fresh, claims, signInProvider, states };
}

export async function token({ url, email, password }) {
  const { user } = await firebase.signInWithEmailAndPassword(connect(url), email, password);
  return user.getIdToken();
}

// An anonymous user who is linked to email and password.
export async function guest({ url, email, password }) {
  const auth = connect(url);
  const { user } = await firebase.signInAnonymously(auth);
  const before = { ...described(user), token: await user.getIdToken() };
  await firebase.linkWithCredential(user, firebase.EmailAuthProvider.credential(email, password));
  return { before, after: described(auth.currentUser), token: await auth.currentUser.getIdToken() };
}

// Changes everything about a user, then deletes the user.
export async function change({ url, email, password, newEmail, newPassword }) {
  const auth = connect(url);
  const { user } = await firebase.createUserWithEmailAndPassword(auth, email, password);
  await firebase.updateProfile(user, { displayName: "Ann", photoURL: "https://x.example/ann.png" });
  await firebase.updatePassword(user, newPassword);
  await firebase.updateEmail(user, newEmail);
  await firebase.reauthenticateWithCredential(user, firebase.EmailAuthProvider.credential(newEmail, newPassword));
  await user.reload();
  const changed = described(user);
  await firebase.updateProfile(user, { displayName: "", photoURL: "" });
  const cleared = described(user);
  await user.delete();
  const gone = await codeOf(firebase.signInWithEmailAndPassword(auth, newEmail, newPassword));
  return { changed, cleared, current: auth.currentUser, gone };
}

// Returns the code of each error.
export async function fail({ url }) {
  const auth = connect(url);
  const signUp = (email, password) => codeOf(firebase.createUserWithEmailAndPassword(auth, email, password));
  const signIn = (email, password) => codeOf(firebase.signInWithEmailAndPassword(auth, email, password));
  return {
    taken: await signUp("demo@clevora.example", "secret-1"),
    weak: await signUp("ann@x.example", "12345"),
    malformed: await signUp("ann", "secret-1"),
    nobody: await signIn("nobody@x.example", "secret-1"),
    wrong: await signIn("demo@clevora.example", "secret-1"),
    empty: await signIn("demo@clevora.example", ""),
    mail: await codeOf(firebase.sendPasswordResetEmail(auth, "demo@clevora.example")),
    google: await codeOf(firebase.signInWithCredential(auth, firebase.GoogleAuthProvider.credential("x"))),
  };
}

// Two pages of one user: the second one's errors after the first one has changed the password, or deleted the user.
export async function elsewhere({ url, email, password, deed }) {
  const auth = connect(url);
  const { user } = await firebase.createUserWithEmailAndPassword(auth, email, password);
  const other = firebase.getAuth(initializeApp({ apiKey: "local", projectId: "demo-clevora" }, "other"));
  firebase.connectAuthEmulator(other, url, { disableWarnings: true });
  const { user: same } = await firebase.signInWithEmailAndPassword(other, email, password);
  // Revocation has a resolution of a second.
  await advance(url, 2);
  if (deed === "delete") await user.delete();
  else await firebase.updatePassword(user, "secret-2");
  const code = await codeOf(same.getIdToken(true));
  return { code, signedIn: other.currentUser !== null, mine: await codeOf(user.getIdToken(true)) };
}

// A dashboard: sign up, activate, create a key and use it; then the clock jumps, and a refresh suffices.
export async function dashboard({ url, email, password }) {
  const auth = connect(url);
  const { user } = await firebase.createUserWithEmailAndPassword(auth, email, password);
  const ask = async (method, path, body, fresh = false) => {
    const headers = { authorization: `Bearer ${await user.getIdToken(fresh)}` };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    return { code: answer.status, ...(await answer.json()) };
  };
  const statuses = [(await ask("GET", "/v1/keys")).code, (await ask("GET", "/api/developer/account")).code];
  const activated = await ask("POST", "/api/developer/activate");
  const key = await ask("POST", "/v1/keys", { name: "from a page" });
  await advance(url, 7200);
  statuses.push((await ask("GET", "/v1/keys")).code, (await ask("GET", "/v1/keys", undefined, true)).code);
  return { statuses, account: activated.data, key: key.data };
}
