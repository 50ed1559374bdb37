import type { ActionProps } from 'adminjs';

export function PanelForm(props: ActionProps) {
  return <p>{props.action.name}</p>;
}
