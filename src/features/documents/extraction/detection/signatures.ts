type Signature = { name: string; offset: number; bytes: readonly number[] };

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

/** Files that hold no text to read, by their first bytes, so that the refusal can say what they are. */
const SIGNATURES: readonly Signature[] = [
  { name: 'a PNG picture', offset: 0, bytes: [0x89, ...ascii('PNG')] },
  { name: 'a JPEG picture', offset: 0, bytes: [0xff, 0xd8, 0xff] },
  { name: 'a GIF picture', offset: 0, bytes: ascii('GIF8') },
  { name: 'a TIFF picture', offset: 0, bytes: [0x49, 0x49, 0x2a, 0] },
  { name: 'a TIFF picture', offset: 0, bytes: [0x4d, 0x4d, 0, 0x2a] },
  { name: 'a Photoshop picture', offset: 0, bytes: ascii('8BPS') },
  { name: 'a WebP picture, or sound or video', offset: 0, bytes: ascii('RIFF') },
  { name: 'an icon', offset: 0, bytes: [0, 0, 1, 0] },
  { name: 'a video or a picture of a telephone', offset: 4, bytes: ascii('ftyp') },
  { name: 'a video', offset: 0, bytes: [0x1a, 0x45, 0xdf, 0xa3] },
  { name: 'a sound file', offset: 0, bytes: ascii('ID3') },
  { name: 'a sound file', offset: 0, bytes: ascii('OggS') },
  { name: 'a sound file', offset: 0, bytes: ascii('fLaC') },
  { name: 'a gzip archive', offset: 0, bytes: [0x1f, 0x8b] },
  { name: 'a bzip2 archive', offset: 0, bytes: ascii('BZh') },
  { name: 'an xz archive', offset: 0, bytes: [0xfd, ...ascii('7zXZ')] },
  { name: 'a Zstandard archive', offset: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'a 7-Zip archive', offset: 0, bytes: [0x37, 0x7a, 0xbc, 0xaf] },
  { name: 'a RAR archive', offset: 0, bytes: ascii('Rar!') },
  { name: 'a tar archive', offset: 257, bytes: ascii('ustar') },
  { name: 'a program', offset: 0, bytes: [0x7f, ...ascii('ELF')] },
  { name: 'a program', offset: 0, bytes: [0xca, 0xfe, 0xba, 0xbe] },
  { name: 'a program', offset: 0, bytes: [0, ...ascii('asm')] },
  { name: 'a database', offset: 0, bytes: ascii('SQLite format 3') },
  { name: 'a font', offset: 0, bytes: ascii('wOF') },
  { name: 'a font', offset: 0, bytes: [0, 1, 0, 0, 0] },
  { name: 'a DjVu scan', offset: 0, bytes: ascii('AT&TFORM') },
  { name: 'a PostScript file', offset: 0, bytes: ascii('%!PS') },
  { name: 'a Parquet table', offset: 0, bytes: ascii('PAR1') },
  { name: 'an Outlook winmail.dat', offset: 0, bytes: [0x78, 0x9f, 0x3e, 0x22] },
  { name: 'a Word document of before 1993', offset: 0, bytes: [0xdb, 0xa5] },
  { name: 'a Word document of before 1993', offset: 0, bytes: [0x31, 0xbe, 0, 0] },
  { name: 'a WordPerfect document', offset: 0, bytes: [0xff, ...ascii('WPC')] },
];

export function knownBinary(bytes: Uint8Array): string | null {
  return SIGNATURES.find((signature) => matches(bytes, signature))?.name ?? null;
}

function matches(bytes: Uint8Array, { offset, bytes: wanted }: Signature): boolean {
  return wanted.every((byte, index) => bytes[offset + index] === byte);
}
