/**
 * (0002,0012), the UID of this implementation. Below 2.25, the root of UIDs made from a UUID (PS3.5 B.2), so that no
 * registration is needed. It never changes: receivers tell our files by it.
 */
export const implementationClassUid = '2.25.165927243840137260493312719051624389713';

/** Version of the software that stands in the files it writes. */
const version = '0.1.0';

/** (0002,0013): `FIONA_<version>`, at most 16 characters (SH). */
export const implementationVersionName = `FIONA_${version}`.slice(0, 16);
