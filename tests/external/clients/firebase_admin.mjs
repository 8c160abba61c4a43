// A backend with Firebase's Admin SDK for Node; only the emulator's address is set.
import { initializeApp } from "firebase-admin/app";
import { getAuth } from "firebase-admin/auth";

function connect(host, project) {
  process.env.FIREBASE_AUTH_EMULATOR_HOST = host;
  return getAuth(initializeApp({ projectId: project }));
}

// Returns the claims of a token, or the code of the error.
export const verify = ({ host, project, token, revoked }) =>
  connect(host, project)
    .verifyIdToken(token, revoked)
    .catch((error) => error.code);

// Returns a user by uid or email, or the code of the error.
export async function find({ host, project, uid, email }) {
  const auth = connect(host, project);
  try {
    const user = await (uid ? auth.getUser(uid) : auth.getUserByEmail(email));
    return { uid: user.uid, email: user.email ?? null, name: user.displayName ?? null, disabled: user.disabled };
  } catch (error) {
    return error.code;
  }
}
