/** Addresses of a picture's files, relative to the server's root, which <base> names. */
export const thumbnailOf = (name: string) => `api/v1/images/i/${name}/thumbnail`;
export const binThumbnailOf = (name: string) => `api/v1/images/bin/i/${name}/thumbnail`;
export const fullOf = (name: string) => `api/v1/images/i/${name}/full`;

/** What dragged pictures travel as: a JSON array of their names. */
export const DRAGGED = "application/x-invoke-images";
