/** An absolute path that may stand in an nginx `location`: decoded, normal form, at most 254 characters. */
export type LocationPath = string & { readonly __brand: "LocationPath" };

export type PathType = "Prefix" | "Exact";

export const pathExpected =
  "an absolute path (/shop) of letters, digits and - . _ ~ : @ + = /, without // or . and .. segments, at most 254 characters";

export const pathTypeExpected = "Prefix or Exact";

// nginx keeps a location's length in one byte before 1.27.5; 254 leaves room for the slash that a prefix gets.
const maxLength = 254;

/**
 * Parses a path. nginx compares locations with the decoded, normalised URI, so a path that normalising would change
 * (`//`, `.` and `..` segments, percent-encoding) could never match, and is refused.
 */
export const parseLocationPath = (raw: string): LocationPath | null => {
  if (raw.length > maxLength || !/^\/[\w\-.~:@+=/]*$/.test(raw) || raw.includes("//")) return null;
  const hasDotSegment = raw.split("/").some((segment) => segment === "." || segment === "..");
  return hasDotSegment ? null : (raw as LocationPath);
};

export const parsePathType = (raw: string): PathType | null => (raw === "Prefix" || raw === "Exact" ? raw : null);

/** The one form of a Prefix path: `/a` and `/a/` take the same requests (Ingress matches by element). */
export const prefixForm = (path: LocationPath): LocationPath =>
  path.length > 1 && path.endsWith("/") ? (path.slice(0, -1) as LocationPath) : path;
