import type { Recalled } from '../api/memory.ts';
import classes from './memory.module.css';

/** Why a memory was found where it was: each part of its score, as it was calculated. */
export function ScoreDetails({ item }: { item: Recalled }) {
  const { score, explanation } = item;
  if (!explanation) return null;
  return (
    <details className={classes.details}>
      <summary>Score {score.toFixed(3)}</summary>
      <table className={classes.score}>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">Value</th>
            <th scope="col">Weight</th>
            <th scope="col">Gives</th>
          </tr>
        </thead>
        <tbody>
          {partsOf(item, explanation).map(({ name, value, weight }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value.toFixed(3)}</td>
              <td>{weight.toFixed(2)}</td>
              <td>{(value * weight).toFixed(3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className={classes.reasons}>
        {reasonsOf(explanation).map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </details>
  );
}

type Explained = NonNullable<Recalled['explanation']>;

function partsOf({ similarity, importance, decay }: Recalled, { weights }: Explained) {
  return [
    { name: 'Likeness', value: similarity, weight: weights.similarity },
    { name: 'Importance', value: importance, weight: weights.importance },
    { name: 'Freshness', value: decay, weight: weights.decay },
  ];
}

function reasonsOf(explanation: Explained): string[] {
  const { terms, cosine, context, coverage, time_factor: time } = explanation;
  const words = terms.filter(({ score }) => score > 0).map(({ lexeme, score }) => `${lexeme} ${score.toFixed(2)}`);
  return [
    ...(words.length > 0 ? [`Words that it has: ${words.join(', ')}.`] : []),
    `It has ${Math.round(coverage * 100)} % of what the words of the question tell.`,
    ...(cosine === null ? [] : [`Likeness by meaning: ${cosine.toFixed(3)}.`]),
    ...(context > 0 ? [`The turns beside it add ${context.toFixed(2)}.`] : []),
    ...(time === 1 ? [] : [`The time that was asked for multiplies it by ${time.toFixed(2)}.`]),
  ];
}
