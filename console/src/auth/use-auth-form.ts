import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef } from 'react';
import { ApiError } from '../api/problem.ts';

type AuthForm = {
  onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  busy: boolean;
  /** What is shown above the form: anything that no field shows. */
  error: Error | null;
  /** The fault of one field, for the `error` of its input. */
  fieldError: (name: string) => string | null;
  formRef: React.RefObject<HTMLFormElement | null>;
  /** Forgets the last answer. */
  reset: () => void;
};

/** A form of which the server judges the fields. After a refusal the first faulty field has the focus. */
export function useAuthForm(fields: readonly string[], send: (values: FormData) => Promise<void>): AuthForm {
  const formRef = useRef<HTMLFormElement>(null);
  const { mutate, isPending, error, reset } = useMutation({ mutationFn: send });
  const problem = error instanceof ApiError ? error : null;
  const fieldError = (name: string) => problem?.fieldMessage(name) ?? null;
  const faulty = fields.find((name) => fieldError(name) !== null);

  useEffect(() => {
    if (problem === null || faulty === undefined) return;
    formRef.current?.querySelector<HTMLInputElement>(`[name="${faulty}"]`)?.focus();
  }, [problem, faulty]);

  return {
    onSubmit: (event) => {
      event.preventDefault();
      if (!isPending) mutate(new FormData(event.currentTarget));
    },
    busy: isPending,
    error: faulty === undefined ? error : null,
    fieldError,
    formRef,
    reset,
  };
}

export function textField(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}
