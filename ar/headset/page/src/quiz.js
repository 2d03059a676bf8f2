/** "Point at the mitral valve": what is asked, whether it was pointed at, and the results. */

import { distanceToRay } from './geometry.js';

export const NEAR_MM = 10;

/**
 * What a heart can ask for: its visible structures, and its landmarks.
 * A structure is right when it is the first thing the ray meets, a landmark when the ray passes within NEAR_MM.
 */
export function questionsOf(structures, marks, random = Math.random) {
  const asked = [
    ...structures
      .filter((one) => one.is_visible)
      .map(({ key, title }) => ({ key, title, position_mm: null })),
    ...marks.map(({ key, title, position_mm }) => ({ key, title, position_mm })),
  ];
  for (let i = asked.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [asked[i], asked[j]] = [asked[j], asked[i]];
  }
  return asked;
}

export class Quiz {
  /** @param {(result: object) => void} onResult gets each answer */
  constructor(questions, { now = () => performance.now(), onResult = () => {} } = {}) {
    Object.assign(this, { questions, now, onResult });
    this.at = 0;
    this.results = [];
    this.askedMs = now();
  }

  get question() {
    return this.questions[this.at] ?? null;
  }

  get nRight() {
    return this.results.filter((result) => result.is_right).length;
  }

  /**
   * Take an answer: a ray in patient mm, and the key of the structure that it meets first, or null.
   * Goes on to the next question and returns the result.
   */
  answer(fromMm, along, hitKey) {
    const question = this.question;
    if (!question) return null;
    const distance_mm = question.position_mm ? distanceToRay(question.position_mm, fromMm, along) : 0;
    const is_right = question.position_mm ? distance_mm <= NEAR_MM : hitKey === question.key;
    const result = {
      asked: question.key,
      is_right,
      distance_mm: Math.min(distance_mm, 10000),
      seconds: Math.min((this.now() - this.askedMs) / 1000, 86400),
    };
    this.results.push(result);
    this.at += 1;
    this.askedMs = this.now();
    this.onResult(result);
    return result;
  }
}

/** Results as a table that any program opens. */
export function resultsToCsv(results) {
  const rows = results.map((r) => [r.asked, r.is_right, r.distance_mm.toFixed(1), r.seconds.toFixed(1)]);
  return [['asked', 'is_right', 'distance_mm', 'seconds'], ...rows].map((row) => row.join(',')).join('\n');
}
